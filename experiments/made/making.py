"""Makes a result: runs its commands, then puts its files in place."""

import importlib.metadata
import json
import pathlib
import platform
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from experiments.made import dependencies, status
from experiments.made.registry import Result
from mtl_jax.errors import InputError
from mtl_jax.processes import forwarding
from mtl_jax.records import atomic

PACKAGES = ('jax', 'jaxlib', 'flax', 'optax', 'numpy', 'scipy', 'scikit-learn')


def make(
  result: Result,
  needs: Sequence[Result],
  folder: pathlib.Path,
  out: pathlib.Path,
  root: pathlib.Path = dependencies.ROOT,
) -> None:
  """Makes a result; docs/results changes only where all went well.

  Args:
    result: to make. Its workdir stays, so that what was interrupted continues.
    needs: results whose commands are run first; theirs are not copied.
    folder: docs/results.
    out: the folder of workdirs.
    root: of the repository; the commands are run there.

  Raises:
    InputError: a command failed or did not write a file.
  """
  digests = [*dependencies.digests(result, root)]
  commit, began = _commit(root), time.monotonic()
  out.mkdir(parents=True, exist_ok=True)
  failed = status.failure(result, out)
  spent = status.read(failed)
  before = spent['seconds'] if spent.get('digests') == digests else 0.0
  try:
    for one in (*needs, result):
      _run(one, out, root)
    seconds = before + time.monotonic() - began
    made = _record(result, digests, commit, seconds, folder, root)
    _place(result, made, folder, out)
  except BaseException as error:
    why = ' '.join(str(error).split()) or type(error).__name__
    seconds = before + time.monotonic() - began
    text = {'digests': digests, 'why': why, 'seconds': round(seconds, 1)}
    atomic.write(failed, json.dumps(text))
    raise
  failed.unlink(missing_ok=True)


def lay_out(
  results: Sequence[Result], folder: pathlib.Path, out: pathlib.Path
) -> None:
  """Copies files of results to where their commands would write them.

  So a page that joins others is made without their workdirs.

  Args:
    results: with folders of their own.
    folder: docs/results.
    out: the folder of workdirs.

  Raises:
    InputError: a result was not made.
  """
  for result in results:
    for file in result.files:
      there = folder / result.name / file
      if not there.exists():
        raise InputError(f'{result.name} lacks {file}; make it first')
      target = out / result.name / file
      target.parent.mkdir(parents=True, exist_ok=True)
      shutil.copyfile(there, target)


def _run(result: Result, out: pathlib.Path, root: pathlib.Path) -> None:
  for command in result.commands:
    words = shlex.split(command.format(out=out))
    if words[0] == 'python':
      words[0] = sys.executable
    print(f'$ {shlex.join(["python", *words[1:]])}', flush=True)
    code = forwarding.run(words, cwd=root)
    if code:
      raise InputError(f'{result.name}: exit code {code} of {command}')


def _record(result, digests, commit, seconds, folder, root) -> dict:
  """What `made.json` says."""
  old = status.read(folder / result.record)
  # Where only the report is new, cells are read from the workdir: the time of
  # training is that of the record.
  if old and old['digests'][0] == digests[0]:
    seconds = max(seconds, old['seconds'])
  return {
    'commands': [*result.commands],
    'commit': commit,
    'date': datetime.now(UTC).date().isoformat(),
    'seconds': round(seconds, 1),
    'processor': ', '.join([processor(), *accelerators()]),
    'python': platform.python_version(),
    'versions': {name: importlib.metadata.version(name) for name in PACKAGES},
    'files': [*result.files],
    'digests': digests,
  }


# Without the option `git status` would write to .git.
GIT = ('git', '--no-optional-locks')


def _commit(root: pathlib.Path) -> str:
  """The commit of the code, with a + where files differ from it."""
  # Results that were just made are no change of the code.
  code = '--', ':!docs/results'
  commands = ('rev-parse', 'HEAD'), ('status', '--porcelain', '-uno', *code)
  try:
    commit, changes = (
      subprocess.run(
        GIT + command, cwd=root, capture_output=True, text=True, check=True
      ).stdout.strip()
      for command in commands
    )
  except (OSError, subprocess.CalledProcessError):
    return 'unknown'
  return f'{commit}+' if changes else commit


def processor() -> str:
  """The processor's name, where the system tells it."""
  info = pathlib.Path('/proc/cpuinfo')
  lines = info.read_text().splitlines() if info.exists() else []
  named = (s.partition(':')[2].strip() for s in lines if s[:10] == 'model name')
  return next(named, '') or platform.processor() or platform.machine()


def accelerators() -> list[str]:
  """The kinds of GPU or TPU that JAX uses here, each once."""
  # In another process, since JAX keeps an accelerator for itself.
  code = 'import jax; print(*(d.device_kind for d in jax.devices()), sep="\\n")'
  asked = subprocess.run(
    [sys.executable, '-c', code], capture_output=True, text=True, check=True
  )
  return sorted({*asked.stdout.splitlines()} - {'cpu'})


def _place(
  result: Result, made: dict, folder: pathlib.Path, out: pathlib.Path
) -> None:
  text = json.dumps(made, indent=2) + '\n'
  if not result.folder:
    missing = [file for file in result.files if not (folder / file).exists()]
    if missing:
      raise InputError(f'{result.name}: no command wrote {missing[0]}')
    atomic.write(folder / result.record, text)
    return
  sources = {file: _source(result, file, out) for file in result.files}
  target, part = folder / result.name, folder / f'.{result.name}.part'
  shutil.rmtree(part, ignore_errors=True)
  if target.exists():  # pages written by hand stay
    shutil.copytree(target, part)
  for file, source in sources.items():
    (part / file).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, part / file)
  atomic.write(part / 'made.json', text)
  _replace(target, part)


def _source(result: Result, file: str, out: pathlib.Path) -> pathlib.Path:
  workdir = out / result.name
  for path in (workdir / file, workdir / 'figures' / file):
    if path.is_file():
      return path
  raise InputError(f'{result.name}: its commands wrote no {file} to {workdir}')


def _replace(target: pathlib.Path, part: pathlib.Path) -> None:
  old = target.with_name(f'.{target.name}.old')
  shutil.rmtree(old, ignore_errors=True)
  if target.exists():
    target.rename(old)
  part.rename(target)
  shutil.rmtree(old, ignore_errors=True)
