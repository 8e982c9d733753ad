"""Several commands at once on one workdir."""

import pathlib
import subprocess
import sys

from tests import children
from tests.faults.load import cells

ROOT = pathlib.Path(__file__).parents[3]
CONFIG = """
from tests.faults.load import sweep


def get_config():
  return sweep.config(verbose=1)
"""
# Each shares cells with all others, at least `single`.
SHARED = ('hard', 'hard,mmoe', 'mmoe', 'mmoe,cross_stitch', 'cross_stitch')


def command(folder: pathlib.Path, workdir: pathlib.Path, schemes: str) -> list:
  """Returns a command that compares schemes."""
  config = folder / 'load.py'
  config.write_text(CONFIG)
  return [
    *(sys.executable, '-m', 'experiments.compare', f'--config={config}'),
    *(f'--schemes={schemes}', '--reference=false', f'--workdir={workdir}'),
  ]


def together(commands: list[list[str]], home: pathlib.Path) -> list[str]:
  """Runs commands at once and returns what they print.

  Raises:
    AssertionError: one has failed.
  """
  jobs = [
    subprocess.Popen(
      *(own,),
      cwd=ROOT,
      env=environment(home),
      text=True,
      stdout=subprocess.PIPE,
      stderr=subprocess.PIPE,
    )
    for own in commands
  ]
  ended = [job.communicate() for job in jobs]
  for job, (_, errors) in zip(jobs, ended, strict=True):
    assert job.returncode == 0, errors
  return [out for out, _ in ended]


def environment(home: pathlib.Path, **others: str) -> dict[str, str]:
  """Returns the variables of a command whose caches are in `home`."""
  return children.environment(
    JAX_PLATFORMS='cpu',
    MTL_JAX_CACHE=str(home / 'cache'),
    MPLCONFIGDIR=str(home / 'matplotlib'),
    **others,
  )


def equal(count: int, folder: pathlib.Path) -> dict:
  """The same command so many times; all must print one table."""
  return _compared(['hard,mmoe'] * count, folder)


def sharing(count: int, folder: pathlib.Path) -> dict:
  """Different commands; what each prints must not depend on the others."""
  return _compared([SHARED[i % len(SHARED)] for i in range(count)], folder)


def _compared(schemes: list[str], folder: pathlib.Path) -> dict:
  every = {name for own in schemes for name in own.split(',')}
  alone, shared = folder / 'alone', folder / 'shared'
  together([command(folder, alone, ','.join(sorted(every)))], folder)
  printed = together([command(folder, shared, own) for own in schemes], folder)
  tables = {}
  for own, text in zip(schemes, printed, strict=True):
    tables.setdefault(own, set()).add(text)
  differ = sum(len(texts) - 1 for texts in tables.values())
  differ += cells.unequal(cells.told(alone), cells.told(shared))
  harm = cells.harmed(shared, 1 + len(every))
  return {'trials': len(schemes), 'unequal': differ, **harm}
