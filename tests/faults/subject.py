"""The run that faults are tried on: a small table, made by the command.

Two cells of ACTG 175, `single` and `hard`, two seeds, four evaluations with a
checkpoint after each. It keeps its models and writes table, figures and page.
"""

import collections
import csv
import hashlib
import io
import pathlib
import sys

from mtl_jax import records
from mtl_jax.data import files
from tests import children

ROOT = pathlib.Path(__file__).parents[2]
MODULE = 'experiments.compare'
FLAGS = {
  'config': 'configs/actg175.py',
  'schemes': 'hard',
  'reference': 'false',
  'config.seeds': 2,
  'config.steps': 24,
  'config.evals': 4,
  'config.batch_size': 32,
  'config.encoders.mlp.widths': (8,),
  'config.checkpoint_seconds': 0.0,  # Something to kill at each evaluation.
}
# Columns of table.csv that two equal runs need not have in common: times, and
# memory, which a program that was compiled here needs more of than a kept one.
MEASURED = {'steps_per_second', 'seconds', 'seconds_to_single', 'peak_memory'}

Key = tuple[str, str, int | None, int | None]  # cell, kind, run, step


def flags(workdir: pathlib.Path, **extra) -> list[str]:
  """Returns the arguments of the command.

  Args:
    workdir: of the table.
    **extra: further flags, or other values of those above, by name without
      `--`: `**{'config.seeds': 3, 'launcher': 'ray'}`.
  """
  given = FLAGS | extra | {'workdir': workdir}
  return [f'--{name}={value}' for name, value in given.items()]


def command(workdir: pathlib.Path, **extra) -> list[str]:
  """Returns the command; run it in `ROOT` with `environment`.

  Args:
    workdir: of the table.
    **extra: as in `flags`.
  """
  return [sys.executable, '-m', MODULE, *flags(workdir, **extra)]


def environment(home: pathlib.Path, **others: str) -> dict[str, str]:
  """Returns the variables of a run that writes nothing outside two folders.

  Args:
    home: holds the caches and the prepared data of all trials, so that only
      the first prepares and compiles.
    **others: further variables.
  """
  return children.environment(
    JAX_PLATFORMS='cpu',
    MTL_JAX_CACHE=str(home / 'cache'),
    TFDS_DATA_DIR=str(home / 'data'),
    MTL_JAX_FILES=str(files.folder().absolute()),
    MPLCONFIGDIR=str(home / 'matplotlib'),
    **others,
  )


def table(workdir: pathlib.Path) -> bytes:
  """Returns what a run must give to the bit; b'' where there is no table.

  These are the columns of `table.csv` that are not measured, and a digest of
  the test predictions of every cell.
  """
  path = workdir / 'table.csv'
  if not path.is_file():
    return b''
  rows = list(csv.DictReader(io.StringIO(path.read_text('utf-8'))))
  kept = [{k: v for k, v in row.items() if k not in MEASURED} for row in rows]
  predictions = {
    file.parent.name: hashlib.sha256(file.read_bytes()).hexdigest()
    for file in sorted(workdir.glob('cells/*/predictions.npz'))
  }
  return '\n'.join(map(str, [*kept, predictions])).encode()


def lines(workdir: pathlib.Path) -> collections.Counter[Key]:
  """Counts the records of a workdir by what they are a record of."""
  return collections.Counter(
    (folder.name, line['kind'], line.get('run'), line.get('step'))
    for folder in sorted(workdir.glob('cells/*'))
    for line in records.read(folder)
  )
