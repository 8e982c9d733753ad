"""What shows what it showed before is not drawn again."""

import hashlib
import importlib.metadata
import json
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mtl_jax.records import atomic
from mtl_jax.report.results import Cell

RECORD = 'drawn.json'  # in figures/


def unless_same(
  draw: Callable[[], None],
  cells: Sequence[Cell],
  workdir: pathlib.Path,
  command: str,
) -> None:
  """Calls `draw`, which writes report.html and figures, where it must.

  Not where it wrote them for equal cells, command, code and libraries, and the
  files are as it left them.
  """
  shown = _digest(_inputs(cells, command))
  record = workdir / 'figures' / RECORD
  if _read(record) == {'shown': shown, 'files': _files(workdir)}:
    return
  draw()
  text = json.dumps({'shown': shown, 'files': _files(workdir)}, indent=2)
  atomic.write(record, text + '\n')


def _inputs(cells: Sequence[Cell], command: str) -> bytes:
  """All that what is drawn depends on."""
  every = sorted(pathlib.Path(__file__).parent.rglob('*.*'))
  sources = [path for path in every if path.suffix in ('.py', '.html')]
  code = [_digest(path.read_bytes()) for path in sources]
  libraries = ('matplotlib', 'numpy', 'pandas', 'scipy', 'jinja2')
  versions = [importlib.metadata.version(name) for name in libraries]
  return json.dumps([_plain(cells), command, code, versions]).encode()


def _plain(value: Any) -> Any:
  """As JSON holds it; its own keys are text alone."""
  if isinstance(value, Mapping):
    return [[_plain(key), _plain(entry)] for key, entry in value.items()]
  if isinstance(value, list | tuple):
    return [_plain(entry) for entry in value]
  return value.tolist() if hasattr(value, 'tolist') else value


def _files(workdir: pathlib.Path) -> dict[str, str]:
  paths = [workdir / 'report.html', *(workdir / 'figures').glob('*.png')]
  return {p.name: _digest(p.read_bytes()) for p in paths if p.is_file()}


def _read(path: pathlib.Path) -> Any:
  try:
    return json.loads(path.read_text('utf-8'))
  except (OSError, ValueError):  # Not drawn yet, or cut short.
    return None


def _digest(content: bytes) -> str:
  return hashlib.sha256(content).hexdigest()
