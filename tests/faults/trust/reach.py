"""A job in new, empty folders, offline, which notes what it writes."""

import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys
from typing import NamedTuple

from mtl_jax.data import files

ROOT = pathlib.Path(__file__).parents[3]
WATCH = pathlib.Path(__file__).with_name('watch')
PLACES = 'home', 'tmp', 'cwd', 'cache', 'data', 'job'
# Matplotlib looks for fonts once, and keeps their list for other programs.
FONTS = 'home/.cache/matplotlib', 'home/.config/matplotlib'
FLAGS = (
  f'--config={ROOT}/configs/actg175.py',
  *('--schemes=hard', '--config.seeds=2', '--config.steps=6'),
  *('--config.evals=2', '--config.batch_size=32'),
  '--config.encoders.mlp.widths=(4,)',
)


class Done(NamedTuple):
  """What a job did.

  Attributes:
    code: its exit code.
    said: the end of its output.
    written: the paths that its Python processes wrote to.
  """

  code: int
  said: str
  written: frozenset[pathlib.Path]


def run(folder: pathlib.Path, *arguments: str) -> Done:
  """Runs Python with its own home, temporary, working and cache folders.

  Args:
    folder: holds `PLACES`, which are made if they are missing.
    *arguments: of Python.
  """
  for place in PLACES:
    (folder / place).mkdir(exist_ok=True)
  done = subprocess.run(
    [*closed(), sys.executable, *arguments],
    cwd=folder / 'cwd',
    env=environment(folder),
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    text=True,
    timeout=600,
    check=False,
  )
  log = folder / 'written.jsonl'
  lines = log.read_text('utf-8').splitlines() if log.exists() else []
  paths = frozenset(pathlib.Path(json.loads(line)) for line in lines)
  return Done(done.returncode, done.stdout[-2000:], paths)


def environment(folder: pathlib.Path) -> dict[str, str]:
  """Nothing but these variables, the search path and JAX's."""
  jax = {k: v for k, v in os.environ.items() if k.startswith(('JAX_', 'XLA_'))}
  return jax | {
    'PATH': os.environ['PATH'],
    'JAX_PLATFORMS': 'cpu',
    'JAX_DISABLE_MOST_OPTIMIZATIONS': '1',
    'HOME': str(folder / 'home'),
    'TMPDIR': str(folder / 'tmp'),
    'TFDS_DATA_DIR': str(folder / 'data'),
    'MTL_JAX_CACHE': str(folder / 'cache'),
    'MTL_JAX_FILES': str(files.folder().absolute()),
    'MTL_JAX_WATCH': str(folder / 'written.jsonl'),
    'PYTHONPATH': os.pathsep.join(map(str, (ROOT, WATCH))),
  }


@functools.cache
def closed() -> tuple[str, ...]:
  """A prefix that takes all networks from a command, where Linux allows it."""
  prefix = 'unshare', '--map-root-user', '--net'
  if not shutil.which(prefix[0]):
    return ()
  allowed = subprocess.run([*prefix, 'true'], capture_output=True, check=False)
  return prefix if allowed.returncode == 0 else ()


def strays(folder: pathlib.Path, done: Done) -> list[str]:
  """What a job wrote, or left, where it should not have.

  Args:
    folder: as in `run`.
    done: from `run`.
  """
  # A line of `FONTS` names the folder above too, which is made for it.
  allowed = [folder / p for p in ('tmp', 'cache', 'data', 'job', *FONTS)]
  above = {
    *allowed,
    *(folder / name for name in ('home/.cache', 'home/.config')),
  }
  wrong = [
    path
    for path in done.written
    if '__pycache__' not in path.parts
    and path != pathlib.Path(os.devnull)
    and path not in above
    and not any(path.is_relative_to(own) for own in allowed)
  ]
  left = [*(folder / 'cwd').iterdir()]
  # TFDS leaves an empty folder when it prepares a data set.
  left += [p for p in (folder / 'tmp').rglob('*') if not p.match('*tfds')]
  home = [p for p in (folder / 'home').rglob('*') if p not in above]
  fonts = folder / FONTS[0]
  left += [p for p in home if not p.is_relative_to(fonts)]
  return sorted(map(str, [*wrong, *left]))
