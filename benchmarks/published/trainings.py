"""Makes and trains the rows of a data set."""

import pathlib
from typing import Any, NamedTuple

from benchmarks.published import (
  compared,
  directions,
  estimates,
  methods,
  sizes,
)
from benchmarks.published.compared import Line
from benchmarks.published.directions import Direction
from benchmarks.published.protocols import Protocol, Set
from mtl_jax import cells, records
from mtl_jax.api.experiment import Experiment
from mtl_jax.errors import InputError
from mtl_jax.launchers import base
from mtl_jax.report import results


class Rows(NamedTuple):
  """The rows of one published table.

  Attributes:
    protocol: the table.
    cells: of the rows that are trained.
    untrained: why others are not.
  """

  protocol: Protocol
  cells: dict[str, cells.Cell]
  untrained: dict[str, str]


def make(
  own: Set, preset: str, config: Any, launcher: base.Launcher,
  folder: pathlib.Path,
) -> tuple[Experiment, list[Rows]]:  # fmt: skip
  """Loads the data and makes the cells; nothing is trained.

  Args:
    own: the data set.
    preset: name of the preset.
    config: of the data set at that size.
    launcher: trains the cells.
    folder: workdir of the cells.

  Raises:
    InputError: as in `Experiment.loaded`; or no row can be made.
  """
  experiment = Experiment(config, launcher, folder, reference=False).loaded()
  made = [
    _rows(protocol, preset, sizes.rows(own, preset), config, experiment)
    for protocol in own.protocols
  ]
  if not any(rows.cells for rows in made):
    reasons = [why for rows in made for why in rows.untrained.values()]
    raise InputError(
      f'no row can be trained: {(reasons or ["none is known"])[0]}'
    )
  return experiment, made


def _rows(
  protocol: Protocol,
  preset: str,
  asked: tuple[str, ...],
  config: Any,
  experiment: Experiment,
) -> Rows:
  rows = Rows(protocol, {}, {})
  if not protocol.metrics:
    return rows
  for row in protocol.table.rows:
    method = methods.of(row.method, protocol.scheme)
    if method is None:
      continue
    if asked and row.method not in asked:
      rows.untrained[row.method] = f'{sizes.REDUCED}{preset}'
      continue
    try:
      cell = experiment.make(sizes.chosen(config, method))
    except InputError as error:
      rows.untrained[row.method] = f'cannot be built: {error}'
    else:
      rows.cells[row.method] = cell
  return rows


def distinct(made: list[Rows]) -> dict[str, tuple[str, cells.Cell]]:
  """Returns the cells by digest; tables may have the same rows.

  Args:
    made: of all tables.

  Returns:
    The name of the row and the cell.
  """
  return {
    cell.hash: (name, cell)
    for rows in made
    for name, cell in rows.cells.items()
  }


def estimate(
  made: list[Rows], folder: pathlib.Path, first_only: bool
) -> list[str]:
  """Predicts memory and measures steps before anything is trained.

  Args:
    made: of all tables.
    folder: workdir of the cells; those that are finished in it take nothing.
    first_only: whether the first row stands for all.

  Returns:
    A line per row, and one of the sum.
  """
  hours, lines = 0.0, []
  for digest, (name, cell) in distinct(made).items():
    if records.finished(folder / 'cells' / digest):
      continue
    found = estimates.measure(cell)
    hours += found.hours
    lines.append(f'{name}: {found.text()}')
    if first_only:
      return lines
  return [*lines, f'all rows: {hours:.3g} hours, without evaluations']


def train(experiment: Experiment, made: list[Rows]) -> None:
  """Trains the rows that are not finished.

  Args:
    experiment: with its data.
    made: of all tables.

  Raises:
    InputError: as in `Experiment.train`.
  """
  experiment.train([cell for _, cell in distinct(made).values()])


def lines(
  made: list[Rows], folder: pathlib.Path, why: str, pretrained: bool
) -> list[Line]:
  """Compares what is trained so far.

  Args:
    made: of all tables.
    folder: workdir of the cells.
    why: numbers of the preset cannot stand beside published ones, or ''.
    pretrained: whether trainings start from given weights.
  """
  found = []
  for rows in made:
    apart = [why]
    if rows.protocol.pretrained and not pretrained:
      apart.append('published networks start from weights of ImageNet')
    own = compared.lines(
      rows.protocol,
      finished(rows, folder),
      rows.untrained,
      ', '.join(filter(None, apart)),
    )
    found += own
  return found


def directions_of(made: list[Rows], folder: pathlib.Path) -> list[Direction]:
  """Tests published directions on what is trained so far.

  Args:
    made: of all tables.
    folder: workdir of the cells.
  """
  return [
    direction
    for rows in made
    for direction in directions.tested(rows.protocol, finished(rows, folder))
  ]


def finished(rows: Rows, folder: pathlib.Path) -> dict[str, results.Cell]:
  """Reads the cells that are trained, by the name of the row.

  Args:
    rows: of one table.
    folder: workdir of the cells.
  """
  return {
    name: results.load(folder / 'cells' / cell.hash)
    for name, cell in rows.cells.items()
    if records.finished(folder / 'cells' / cell.hash)
  }
