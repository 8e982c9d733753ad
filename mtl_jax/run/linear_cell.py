"""The linear models of a table as one more cell, fitted during training."""

import importlib
import pathlib
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from mtl_jax import records
from mtl_jax.cells import Cell, header, identity, settings
from mtl_jax.data.base import Data
from mtl_jax.processes import signals
from mtl_jax.records import locks
from mtl_jax.run import linear, outcomes


def begin(
  cell: Cell, workdir: pathlib.Path
) -> Callable[[], list[pathlib.Path]]:
  """Begins to fit linear models to a cell's data, in a thread.

  Args:
    cell: its data and seeds are taken.
    workdir: holds the folders of cells.

  Returns:
    A function that waits for the models, writes their cell and returns its
    folder in a list. Where none can be fitted it prints one line and returns
    an empty list; it raises any other error of the thread.
  """
  named = {
    **cell.comparable,
    'scheme': {'reference': linear.STRENGTHS},
    'sources': {'linear': identity.digest_of_named(identity.LINEAR)},
  }
  folder = workdir / 'cells' / records.digest(named)
  if records.finished(folder):
    return lambda: [folder]
  future: Future = Future()
  # A daemon, so that a command that is stopped does not wait for it.
  name = f'{signals.DAEMON}, linear models'
  threading.Thread(
    target=_fit, args=(future, cell.datas), name=name, daemon=True
  ).start()
  return lambda: _written(cell, folder, named, future)


def _fit(future: Future, datas: list[Data]) -> None:
  """Sets the result: `linear.fit` of each data set, and the seconds."""
  try:
    limits = importlib.import_module('threadpoolctl').threadpool_limits
    importlib.import_module('sklearn.linear_model')
    # Time of this thread alone: it shares its core with training.
    began = time.thread_time()
    # The products are small. With several threads BLAS would only wait, for its
    # own threads and for those of training.
    with limits(1, user_api='blas'):
      fits = [linear.fit(data) for data in datas]
    future.set_result((fits, time.thread_time() - began))
  except BaseException as error:  # noqa: BLE001 - `result` raises it.
    future.set_exception(error)


def _written(
  cell: Cell, folder: pathlib.Path, identity: dict, future: Future
) -> list[pathlib.Path]:
  try:
    fits, seconds = future.result()
  except ValueError as error:
    print(f'no row of linear models: {error}', file=sys.stderr)
    return []
  with locks.awaited(folder):
    if not records.finished(folder):
      _write(cell, folder, identity, fits, seconds)
  return [folder]


def _write(cell, folder, identity, fits, seconds) -> None:
  # Without `resplit` all seeds have the same data, and so the same models.
  each = fits if cell.config.resplit else fits * cell.config.seeds
  first = {
    **header(cell),
    'hash': folder.name,
    'scheme': 'reference',
    'balancer': '',
  }
  tests = [
    outcomes.reference(seed, *fit[:2])
    for seed, fit in zip(settings.seeds(cell.config), each, strict=True)
  ]
  cost = outcomes.cost(fits[0][2], seconds=seconds)
  records.write_config(folder, identity)
  lacking = linear.lacking(cell.system.tasks)
  notes = [{'kind': 'note', 'text': text} for text in lacking]
  records.append(folder, first, *tests, *notes, cost, {'kind': 'done'})
