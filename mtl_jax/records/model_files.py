"""The files of a trained model: arrays through Orbax, JSON, test predictions.

A folder is a model once it has `model.json`, which is written last, so that a
half-written model is never taken for a whole one. Nothing is ever unpickled.
"""

import importlib
import os
import pathlib
import shutil
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from mtl_jax.records import atomic, bounded, checked_json, digests, disk
from mtl_jax.records.model_folders import FORMAT, MODEL

BEST, PREDICTIONS = 'best', 'predictions.npz'


class Stored(NamedTuple):
  """What a folder of a model holds.

  Attributes:
    described: content of `model.json`.
    arrays: parameters and further collections by name, such as
      `shared_encoder/stage_0/kernel`; an axis of seeds in front.
    predictions: content of `predictions.npz`, by name.
  """

  described: dict[str, Any]
  arrays: dict[str, np.ndarray]
  predictions: dict[str, np.ndarray]


def write(folder: pathlib.Path, stored: Stored) -> None:
  """Writes a model; a model that is there already is replaced.

  Args:
    folder: made if it is missing.
    stored: arrays may be empty: then there is no `best/`.
  """
  (folder / MODEL).unlink(missing_ok=True)
  write_predictions(folder, stored.predictions)
  shapes = {
    name: {'shape': list(x.shape), 'dtype': str(x.dtype)}
    for name, x in stored.arrays.items()
  }
  if stored.arrays:
    digests.forget(folder / BEST)
    _save(folder / BEST, nested(stored.arrays))
    digests.write_beside(folder / BEST)
  whole = {'format': FORMAT, **stored.described, 'arrays': shapes}
  checked_json.write(folder / MODEL, whole, indent=1)


def write_predictions(
  folder: pathlib.Path, predictions: Mapping[str, np.ndarray]
) -> None:
  """Writes `predictions.npz`; see docs/models.md for the names in it."""
  path = folder / PREDICTIONS
  digests.forget(path)
  atomic.write(path, lambda file: np.savez(file, **predictions))
  digests.write_beside(path)


def read_arrays(folder: pathlib.Path, described: dict) -> dict[str, np.ndarray]:
  """Reads `best/`.

  Args:
    folder: of the model.
    described: content of its `model.json`.

  Returns:
    The arrays by name, with an axis of seeds in front.

  Raises:
    DamagedError: a file is not as it was written.
  """
  digests.verify(folder / BEST, digests.MODEL)
  like = bounded.like(folder / MODEL, described['arrays'])
  path = (folder / BEST).absolute()
  with _checkpointer() as checkpointer:
    return named(checkpointer.restore(path, nested(like)))


def read_predictions(folder: pathlib.Path) -> dict[str, np.ndarray]:
  """Reads `predictions.npz`; `{}` where there is none.

  Raises:
    DamagedError: the file is not as it was written.
  """
  path = folder / PREDICTIONS
  digests.verify(path, digests.MODEL)
  if not path.exists():
    return {}
  return bounded.read_npz(path)


def problem(folder: pathlib.Path) -> digests.Problem | None:
  """What is wrong with the files of a model; None if nothing is.

  Args:
    folder: of a cell; one without a model has no problem.
  """
  try:
    if (folder / MODEL).exists():
      checked_json.read(folder / MODEL, digests.MODEL)
    for name in (BEST, PREDICTIONS):
      digests.verify(folder / name, digests.MODEL)
  except digests.DamagedError as error:
    return error.problem
  return None


def remove(folder: pathlib.Path) -> None:
  """Removes a model from a folder, and nothing else."""
  (folder / MODEL).unlink(missing_ok=True)
  for name in (BEST, PREDICTIONS):
    digests.forget(folder / name)
  (folder / PREDICTIONS).unlink(missing_ok=True)
  shutil.rmtree(folder / BEST, ignore_errors=True)


def _save(path: pathlib.Path, tree: dict) -> None:
  # Orbax writes another folder and renames it.
  with disk.writing(path), _checkpointer() as checkpointer:
    checkpointer.save(os.path.abspath(path), tree, force=True)
    checkpointer.wait_until_finished()
    disk.sync_all(path)  # Orbax syncs arrays alone.


def _checkpointer() -> Any:
  """Orbax's reader and writer, of this process alone."""
  # It takes a third of a second to import.
  ocp = importlib.import_module('orbax.checkpoint')
  own = jax.process_index()
  # By default Orbax waits for all processes of a job, and only process 0 writes
  # models.
  alone = ocp.options.MultiprocessingOptions(
    primary_host=own,
    active_processes={own},
    barrier_sync_key_prefix=f'process_{own}',
  )
  return ocp.StandardCheckpointer(
    **{'multiprocessing_options': alone} if jax.process_count() > 1 else {}
  )


def named(tree: Mapping, prefix: str = '') -> dict[str, Any]:
  """Flattens nested dicts: `{'a': {'b': x}}` becomes `{'a/b': x}`."""
  leaves = {}
  for key, value in tree.items():
    if isinstance(value, Mapping):
      leaves |= named(value, f'{prefix}{key}/')
    else:
      leaves[f'{prefix}{key}'] = value
  return leaves


def nested(leaves: Mapping[str, Any]) -> dict[str, Any]:
  """Undoes `named`."""
  tree: dict[str, Any] = {}
  for name, value in leaves.items():
    *folders, last = name.split('/')
    part = tree
    for folder in folders:
      part = part.setdefault(folder, {})
    part[last] = value
  return tree
