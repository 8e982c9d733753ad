"""Runs cases of bad input, and says what is wrong with an answer."""

import json
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

ROOT = pathlib.Path(__file__).parents[3]
SERVER = 'tests.faults.bad_input.server'
# What nearly every command imports before it has read its flags.
LIGHT = (
  *('experiments.cli', 'experiments.own_table', 'configs.default', 'runpy'),
  *('pandas', 'pyarrow', 'mtl_jax.data.frames.making'),
  *('mtl_jax.data.frames.joining', 'mtl_jax.data.table'),
)
HEAVY = (
  *LIGHT,
  'mtl_jax.api.compare',
  'sklearn.linear_model',
  'mtl_jax.models',
)
SECONDS = 120  # so that a command which never ends fails its case


class Case(NamedTuple):
  """Bad input of a command.

  Attributes:
    module: what is run, such as 'experiments.compare'.
    flags: its arguments; the current folder has the files.
    said: a part of the line on stderr.
    files: by path, the text or bytes of a file, or a function of its path that
      makes it.
    jax: whether the line needs JAX, such as that of a scheme's file.
    code: the exit code.
    interrupt: seconds after which Ctrl-C is pressed; None presses nothing.
    environment: further variables.
  """

  module: str
  flags: tuple[str, ...]
  said: str
  files: dict[str, str | bytes | Callable[[pathlib.Path], None]] = {}
  jax: bool = False
  code: int = 2
  interrupt: float | None = None
  environment: dict[str, str] = {}


class Server:
  """A process that runs commands in forks.

  Args:
    modules: what it has imported.
  """

  def __init__(self, modules: tuple[str, ...]):
    self._process = subprocess.Popen(
      [sys.executable, '-m', SERVER, *modules],
      cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    self.modules = frozenset(json.loads(self._process.stdout.readline()))

  def run(self, case: Case, folder: pathlib.Path) -> dict:
    """Runs a case in a folder; see `server.answer`."""
    asked = {
      'module': case.module,
      'flags': case.flags,
      'folder': str(folder),
      'environment': {'JAX_PLATFORMS': 'cpu', **case.environment},
      'seconds': SECONDS,
      'interrupt': case.interrupt,
    }
    self._process.stdin.write(json.dumps(asked) + '\n')
    self._process.stdin.flush()
    return json.loads(self._process.stdout.readline())

  def close(self) -> None:
    """Ends the process."""
    self._process.stdin.close()
    self._process.wait()


def make(case: Case, folder: pathlib.Path) -> None:
  """Writes the files of a case into a folder."""
  for name, content in case.files.items():
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
      path.write_bytes(content)
    elif isinstance(content, str):
      path.write_text(content, 'utf-8')
    else:
      content(path)


def faults(case: Case, answer: dict, before: dict, after: dict) -> list[str]:
  """Says what is wrong with the answer to a case.

  Args:
    case: what was given.
    answer: of the server.
    before: `states` of the folder before the command.
    after: those afterwards.

  Returns:
    A text per fault, [] if there is none.
  """
  lines = answer['err'].splitlines()
  found = []
  if answer['code'] != case.code:
    found.append(f'exit code {answer["code"]}')
  if 'Traceback' in answer['err']:
    found.append('a traceback')
  if len(lines) != 1:
    found.append(f'{len(lines)} lines on stderr')
  if case.said not in answer['err']:
    found.append(f'nothing of {case.said!r}')
  if answer['jax'] and not case.jax:
    found.append('JAX was imported')
  written = sorted(map(str, after.items() - before.items()))
  if written:
    found.append(f'written: {", ".join(written)}')
  return found


def states(folder: pathlib.Path) -> dict[str, tuple]:
  """By path, size and time of each file; folders have neither."""
  return {
    str(path.relative_to(folder)): (
      (path.stat().st_size, path.stat().st_mtime_ns) if path.is_file() else ()
    )
    for path in folder.rglob('*')
    if '__pycache__' not in path.parts
  }


def trial(server: Server, case: Case, folder: pathlib.Path) -> list[str]:
  """Runs a case in a new folder and returns its faults, with what was said."""
  make(case, folder)
  before = states(folder)
  answer = server.run(case, folder)
  found = faults(case, answer, before, states(folder))
  return [*found, answer['err'][-2000:]] if found else []
