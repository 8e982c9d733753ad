"""Models of scikit-learn as cells of a table, fitted during training."""

import importlib
import pathlib
import sys
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from types import ModuleType
from typing import NamedTuple

from mtl_jax import records
from mtl_jax.cells import Cell, header, identity, settings
from mtl_jax.data.base import Data
from mtl_jax.processes import signals
from mtl_jax.records import digests, lines, locks, made, owner
from mtl_jax.run import linear, made_by, outcomes, trees
from mtl_jax.run.resuming import repairs


class Row(NamedTuple):
  """A row of a table.

  Attributes:
    scheme: its name there.
    what: its models in words.
    module: has `fit` and `lacking`.
    settings: that the validation split chooses from.
    sources: files of this package that the results come from.
  """

  scheme: str
  what: str
  module: ModuleType
  settings: tuple
  sources: tuple[str, ...]


LINEAR = Row(
  *('reference', 'linear models', linear),
  *(linear.STRENGTHS, identity.LINEAR),
)
TREES = Row(
  *('trees', 'boosted trees', trees),
  *((*trees.SETTINGS, *trees.FOR_LARGE), identity.TREES),
)
ALL = LINEAR.scheme, TREES.scheme


def begin(
  cell: Cell, workdir: pathlib.Path, names: Collection[str] = ALL
) -> Callable[[], list[pathlib.Path]]:
  """Begins to fit models to a cell's data, in a thread.

  Args:
    cell: its data and seeds are taken.
    workdir: holds the folders of cells.
    names: of the rows.

  Returns:
    A function that waits for the models, writes their cells and returns the
    folders. Where none can be fitted it prints one line and leaves the row out;
    it raises any other error of the thread.
  """
  owner.check_folder(workdir)
  rows = [LINEAR, TREES] if trees.applies(cell.datas[0]) else [LINEAR]
  folders = {
    row: _folder(cell, workdir, row) for row in rows if row.scheme in names
  }
  for folder, named in folders.values():
    repairs.before(folder, named)
  futures: dict[Row, Future] = {
    row: Future()
    for row, (folder, _) in folders.items()
    if not records.finished(folder)
  }
  # A daemon, so that a command that is stopped does not wait for it.
  name = f'{signals.DAEMON}, reference models'
  threading.Thread(
    target=_fit, args=(futures, cell.datas), name=name, daemon=True
  ).start()
  return lambda: [
    folder
    for row, (folder, named) in folders.items()
    if row not in futures or _written(cell, row, folder, named, futures[row])
  ]


def identified(cell: Cell, name: str) -> dict:
  """Returns the identity of a row's cell, whose digest names its folder.

  Args:
    cell: its data and seeds are taken.
    name: of the row.
  """
  row = LINEAR if name == LINEAR.scheme else TREES
  return {
    **cell.comparable,
    'scheme': {row.scheme: row.settings},
    'sources': {row.scheme: identity.digest_of_named(row.sources)},
  }


def _folder(
  cell: Cell, workdir: pathlib.Path, row: Row
) -> tuple[pathlib.Path, dict]:
  """The folder of a row's cell, and the identity that names it."""
  named = identified(cell, row.scheme)
  return workdir / 'cells' / records.digest(named), named


def _fit(futures: dict[Row, Future], datas: list[Data]) -> None:
  """Sets each result: `fit` of each data set, and the seconds."""
  for row, future in futures.items():
    try:
      future.set_result(_fits(row, datas))
    except BaseException as error:  # noqa: BLE001 - `result` raises it.
      future.set_exception(error)


def _fits(row: Row, datas: list[Data]) -> tuple[list, float]:
  limits = importlib.import_module('threadpoolctl').threadpool_limits
  importlib.import_module('sklearn.linear_model')
  # Time of this thread alone: it shares its core with training.
  began = time.thread_time()
  # The products are small. With several threads BLAS would only wait, for its
  # own threads and for those of training.
  with limits(1, user_api='blas'):
    fits = [row.module.fit(data) for data in datas]
  return fits, time.thread_time() - began


def _written(
  cell: Cell, row: Row, folder: pathlib.Path, named: dict, future: Future
) -> bool:
  """Writes the cell; False where its models could not be fitted."""
  try:
    fits, seconds = future.result()
  except ValueError as error:
    print(f'no row of {row.what}: {error}', file=sys.stderr)
    return False
  with locks.awaited(folder):
    if not records.finished(folder):
      _write(cell, row, folder, named, fits, seconds)
  return True


def _write(cell, row, folder, named, fits, seconds) -> None:
  # Without `resplit` all seeds have the same data, and so the same models.
  each = fits if cell.config.resplit else fits * cell.config.seeds
  first = {
    **header(cell),
    'hash': folder.name,
    'scheme': row.scheme,
    'balancer': '',
  }
  tests = [
    outcomes.reference(seed, *fit[:2])
    for seed, fit in zip(settings.seeds(cell.config), each, strict=True)
  ]
  cost = outcomes.cost(fits[0][2], seconds=seconds)
  repairs.begin_reference(folder)
  facts = made_by.facts(cell, named['sources'], {})
  made.begin(folder, made_by.asked(cell, row.scheme), facts)
  made.end(folder)
  lacking = row.module.lacking(cell.system.tasks)
  notes = [{'kind': 'note', 'text': text} for text in lacking]
  # A process that was killed may have written some of them. In this order, see
  # `repairs`: a cell has its config only while it has records.
  for name in (lines.CONFIG, lines.FILE):
    (folder / name).unlink(missing_ok=True)
  records.append(folder, first, *tests, *notes)
  records.write_config(folder, named)
  records.append(folder, cost, {'kind': 'done'})
  records.sync(folder)
  digests.write_of_records(folder)
