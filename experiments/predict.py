"""Predicts new rows with a trained cell.

  python -m experiments.predict out/a/cells/0123456789ab new.csv
  python -m experiments.predict --workdir=out/a --scheme=mmoe new.csv \\
    --out=predictions.csv

The cell is a folder that holds a model (see docs/models.md), or that of a
scheme in a workdir. The rows are a table with the input columns of training
(CSV, TSV, Parquet or Feather); of a model of images, words or arrays they are
a .npy file, or a .npz file with an array of each name.

Writes one row per row: each task in the unit of its labels, probabilities of
classes in columns `task=class`, and with several seeds the standard deviation
over their networks in `<column>_sd`.

Tasks that predict maps are no columns: `--out=maps.npz` writes an array of each
task, of the first network where no seed is named.
"""

from __future__ import annotations

import pathlib
import sys
from typing import Any

from absl import flags

from experiments import cli, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from mtl_jax import models
  from mtl_jax.records import atomic, bounded, model_folders

OUT = flags.DEFINE_string(
  'out',
  'predictions.csv',
  'The path of the file that is written: a CSV, or a .npz file with maps.',
  # Benchmarks have a flag of this name, and a process may import both.
  allow_override=True,
)
SEED = flags.DEFINE_integer(
  'seed',
  None,
  'The seed whose network predicts. By default predictions are means over the '
  'networks of all seeds.',
)
USAGE = (
  'give the folder of a cell and a file of rows, as in '
  'python -m experiments.predict out/a/cells/0123456789ab new.csv, or '
  '--workdir and --scheme and a file of rows'
)


def check() -> None:
  """Checks the arguments without importing JAX.

  Raises:
    InputError: an argument is missing, or a file or model does not exist.
  """
  named = cli.WORKDIR.value is not None
  if len(cli.WORDS) != (1 if named else 2):
    raise InputError(USAGE)
  if named and cli.SCHEME.value is None:
    raise InputError('--workdir needs --scheme, the row whose model predicts')
  rows = cli.WORDS[-1]
  if not any(c in rows for c in '*?[') and not pathlib.Path(rows).is_file():
    raise InputError(f'{rows}: no such file')
  if not named:
    model_folders.describe(pathlib.Path(cli.WORDS[0]))
  elif not pathlib.Path(cli.WORKDIR.value, 'cells').is_dir():
    raise InputError(
      f'--workdir={cli.WORKDIR.value} has no cells; name that of a table'
    )
  # Before anything is predicted.
  folder = pathlib.Path(OUT.value).absolute().parent
  if not folder.is_dir():
    raise InputError(f'--out={OUT.value}: no folder {folder}; make it first')


def main() -> None:
  """Predicts the rows and writes the predictions."""
  model = models.load(cell())
  rows = read(cli.WORDS[-1])
  print(write(model, rows, OUT.value, SEED.value), file=sys.stderr)


def write(model: Any, rows: Any, path: str, seed: int | None) -> str:
  """Predicts rows and writes a file.

  Args:
    model: a `models.Model`.
    rows: as for its `predict`.
    path: of the file. One that ends in .npz has an array of each task,
      otherwise it is a CSV of the tasks without maps.
    seed: whose network predicts, or None.

  Returns:
    A sentence on what was written.

  Raises:
    InputError: rows do not fit, or all tasks predict maps and it is a CSV.
  """
  maps = [task.name for task in model.tasks if task.dense]
  if path.endswith('.npz'):
    return _write_arrays(model, rows, path, seed)
  if len(maps) == len(model.tasks):
    raise InputError(
      f'--out={path}: all tasks predict maps, which are no columns of a CSV; '
      'set --out=maps.npz'
    )
  frame = model.predict(rows, seed)
  atomic.write(path, frame.to_csv(index_label='row'))
  number = len(model.seeds) if seed is None else 1
  said = (
    f'{path}: {len(frame)} rows, {number} network{"s" * (number > 1)} of '
    f'{model.config.scheme}'
  )
  if maps:
    said += f'; without the maps of {", ".join(maps)}: --out=maps.npz has them'
  return said


def _write_arrays(model: Any, rows: Any, path: str, seed: int | None) -> str:
  import numpy as np

  seed = model.seeds[0] if seed is None else seed
  arrays = model.maps(rows, seed)
  if len(arrays) < len(model.tasks):
    arrays |= {k: np.asarray(v) for k, v in model.predict(rows, seed).items()}
  atomic.write(path, lambda file: np.savez(file, **arrays))
  return f'{path}: {", ".join(arrays)} of the network of seed {seed}'


def cell() -> pathlib.Path:
  """Returns the folder of the model that the arguments name."""
  if cli.WORKDIR.value is None:
    return pathlib.Path(cli.WORDS[0])
  workdir = pathlib.Path(cli.WORKDIR.value)
  return models.folders.find(workdir, cli.SCHEME.value, cli.BALANCER.value)


def read(path: str) -> Any:
  """Reads rows: a data frame, or arrays of a .npy or .npz file.

  Raises:
    InputError: the file cannot be read.
  """
  if not path.endswith(('.npy', '.npz')):
    from mtl_jax.data.frames import reading

    return reading.read(path)
  import numpy as np

  try:
    if path.endswith('.npz'):
      return bounded.read_npz(path)
    return np.load(path, allow_pickle=False)
  # Damaged archives and headers raise many kinds.
  except Exception as error:  # noqa: BLE001
    text = ' '.join(str(error).split())
    raise InputError(f'{path} cannot be read: {text}') from error


if __name__ == '__main__':
  cli.run(main, check, most_words=2)
