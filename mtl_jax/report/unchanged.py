"""Draws figures again only if what they show has changed."""

import hashlib
import importlib.metadata
import itertools
import json
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mtl_jax.records import atomic
from mtl_jax.report.results import Cell

RECORD = 'drawn.json'  # in figures/
DESCRIBED = 'data.md'  # in a workdir, of a user's own data
SOURCES = ('.py', '.html', '.css', '.js')


def unless_same(
  draw: Callable[[], None],
  cells: Sequence[Cell],
  workdir: pathlib.Path,
  command: str,
) -> None:
  """Calls `draw` unless the files on disk are what it would write.

  They are if it wrote them for equal cells, command, code and libraries, and no
  file was changed or removed since.

  Args:
    draw: writes report.html and figures.
    cells: that are drawn.
    workdir: into which they are drawn.
    command: that is printed on the page.
  """
  shown = _digest(_inputs(cells, command, described(workdir)))
  record = workdir / 'figures' / RECORD
  if _read(record) == {'shown': shown, 'files': _files(workdir)}:
    return
  draw()
  text = json.dumps({'shown': shown, 'files': _files(workdir)}, indent=2)
  atomic.write(record, text + '\n')


def described(workdir: pathlib.Path) -> str:
  """Returns the text of `data.md` of a workdir; '' if it has none."""
  path = workdir / DESCRIBED
  return path.read_text('utf-8') if path.is_file() else ''


def _inputs(cells: Sequence[Cell], command: str, data: str) -> bytes:
  """Everything that the figures depend on."""
  # The whole report: any of its files may change a figure.
  every = sorted(pathlib.Path(__file__).parent.rglob('*.*'))
  sources = [path for path in every if path.suffix in SOURCES]
  code = [_digest(path.read_bytes()) for path in sources]
  libraries = ('matplotlib', 'numpy', 'pandas', 'scipy', 'jinja2')
  versions = [importlib.metadata.version(name) for name in libraries]
  return json.dumps([_plain(cells), command, data, code, versions]).encode()


def _plain(value: Any) -> Any:
  """As JSON holds it; a mapping becomes pairs, since JSON keys are text."""
  if isinstance(value, Mapping):
    return [[_plain(key), _plain(entry)] for key, entry in value.items()]
  if isinstance(value, list | tuple):
    return [_plain(entry) for entry in value]
  return value.tolist() if hasattr(value, 'tolist') else value


def _files(workdir: pathlib.Path) -> dict[str, str]:
  drawn = [(workdir / 'figures').glob(f'*.{kind}') for kind in ('png', 'svg')]
  paths = [workdir / 'report.html', *itertools.chain(*drawn)]
  return {p.name: _digest(p.read_bytes()) for p in paths if p.is_file()}


def _read(path: pathlib.Path) -> Any:
  try:
    return json.loads(path.read_text('utf-8'))
  except (OSError, ValueError):  # Not drawn yet, or cut short.
    return None


def _digest(content: bytes) -> str:
  return hashlib.sha256(content).hexdigest()
