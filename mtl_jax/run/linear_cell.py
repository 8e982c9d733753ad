"""A table's linear models as one more cell, fitted while networks train."""

import importlib
import pathlib
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from mtl_jax import records
from mtl_jax.cells import Cell, header, settings
from mtl_jax.data.base import Data
from mtl_jax.processes import signals
from mtl_jax.records import locks
from mtl_jax.run import linear, outcomes


def begin(
  cell: Cell, workdir: pathlib.Path
) -> Callable[[], list[pathlib.Path]]:
  """Begins to fit linear models to a cell's data, in a thread.

  Returns a function that waits for them, writes their cell and returns its
  folder in a list. Where they cannot be fitted, it says so in one line and
  returns none.
  """
  identity = {**cell.comparable, 'scheme': {'reference': linear.STRENGTHS}}
  folder = workdir / 'cells' / records.digest(identity)
  if records.finished(folder):
    return lambda: [folder]
  found: Future = Future()
  # A daemon: a command that is stopped does not wait for it.
  name = f'{signals.DAEMON}, linear models'
  threading.Thread(
    target=_fit, args=(found, cell.datas), name=name, daemon=True
  ).start()
  return lambda: _written(cell, folder, identity, found)


def _fit(found: Future, datas: list[Data]) -> None:
  """Gives `found` what `linear.fit` finds in each, and the seconds."""
  try:
    limits = importlib.import_module('threadpoolctl').threadpool_limits
    importlib.import_module('sklearn.linear_model')
    # Of this thread: beside training it waits for its turn.
    began = time.thread_time()
    # These products are small: more threads than one only wait for each other,
    # and for training.
    with limits(1, user_api='blas'):
      fits = [linear.fit(data) for data in datas]
    found.set_result((fits, time.thread_time() - began))
  except BaseException as error:  # noqa: BLE001 - raised by whoever waits.
    found.set_exception(error)


def _written(
  cell: Cell, folder: pathlib.Path, identity: dict, found: Future
) -> list[pathlib.Path]:
  try:
    fits, seconds = found.result()
  except ValueError as error:
    print(f'no row of linear models: {error}', file=sys.stderr)
    return []
  with locks.awaited(folder):
    if not records.finished(folder):
      _write(cell, folder, identity, fits, seconds)
  return [folder]


def _write(cell, folder, identity, fits, seconds) -> None:
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
