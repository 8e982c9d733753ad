"""The workdirs that a report joins: checked, and cut to what they share."""

import pathlib
from collections.abc import Sequence
from typing import NamedTuple

from mtl_jax.errors import InputError
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.compare import shown
from mtl_jax.report.results import Cell

LEAST_SEEDS = 2  # below that a difference has no spread


class DataSet(NamedTuple):
  """The table of one workdir.

  Attributes:
    name: of the data set, with the folder's where two have the same.
    workdir: its folder.
    cells: of its table, in order.
  """

  name: str
  workdir: pathlib.Path
  cells: tuple[Cell, ...]

  @property
  def base(self) -> Cell:
    """The baseline."""
    return baseline(self.cells)

  def cell(self, label: str) -> Cell:
    """The cell with a label."""
    return next(cell for cell in self.cells if cell.label == label)

  def seeds(self, cell: Cell) -> list[int]:
    """Seeds on which every task has its headline, here and in the baseline."""
    return sorted(
      set.intersection(
        *(
          set(one.values(name, metric))
          for one in (cell, self.base)
          for name, metric, _ in counted(one)
        )
      )
    )


class Joined(NamedTuple):
  """Several data sets and what can be compared on all of them.

  Attributes:
    sets: the data sets, in the order given.
    labels: rows that stand in all tables, without the baseline; in the order of
      the first table.
    left_out: by label of a row that does not, why.
  """

  sets: tuple[DataSet, ...]
  labels: tuple[str, ...]
  left_out: dict[str, str]


def counted(cell: Cell) -> list[tuple[str, str, bool]]:
  """Tasks of Delta_m with their headline metric and its direction."""
  primary = cell.header.get('primary') or [task.name for task in cell.tasks]
  return [(t.name, *t.metrics[0]) for t in cell.tasks if t.name in primary]


def load(workdirs: Sequence[str | pathlib.Path]) -> Joined:
  """Loads workdirs of `experiments.compare`.

  Args:
    workdirs: their folders, at least two.

  Returns:
    The tables, with the rows that stand in all of them.

  Raises:
    InputError: a folder is no workdir with a complete table, or they do not
      belong in one report.
  """
  paths = [pathlib.Path(workdir) for workdir in workdirs]
  if len(paths) < 2:
    named = f'only {paths[0]} is' if paths else 'no workdir is'
    raise InputError(
      f'{named} named, and a report joins two or more; that on one data set is '
      'report.html in its workdir'
    )
  for i, path in enumerate(paths):
    if path.resolve() in [other.resolve() for other in paths[:i]]:
      raise InputError(f'{path} is named twice; name every workdir once')
  return join([_load(path) for path in paths])


def join(sets: Sequence[DataSet]) -> Joined:
  """Joins the tables of different data sets.

  Args:
    sets: whose names may still be equal.

  Returns:
    The tables, with the rows that stand in all of them.

  Raises:
    InputError: two are of one data set, or they have no row in common.
  """
  for i, own in enumerate(sets):
    for other in sets[:i]:
      if own.name == other.name:
        _check_namesakes(other, own)
  names = [own.name for own in sets]
  sets = tuple(
    own._replace(name=f'{own.name} ({own.workdir.name})')
    if names.count(own.name) > 1
    else own
    for own in sets
  )
  reasons = {label: _lacking(label, sets) for label in _labels(sets)}
  labels = tuple(label for label, reason in reasons.items() if not reason)
  if not labels:
    raise InputError(f'no scheme but single is in all workdirs: {_rows(sets)}')
  left_out = {label: reason for label, reason in reasons.items() if reason}
  return Joined(sets, labels, left_out)


def _load(path: pathlib.Path) -> DataSet:
  cells = shown.load(path)
  try:
    cells = ordered(cells)
  except InputError as error:
    raise InputError(f'{path}: {error}; or {shown.AGAIN}') from error
  own = DataSet(cells[0].header['dataset'], path, tuple(cells))
  if (seeds := len(own.seeds(own.base))) < LEAST_SEEDS:
    raise InputError(
      f'{path}: single has {seeds} seeds with a value of every task, and an '
      f'interval takes {LEAST_SEEDS}; raise config.seeds'
    )
  return own


def _check_namesakes(first: DataSet, second: DataSet) -> None:
  """Two tables may have a data set's name if its rows were drawn anew."""
  both = f'{first.workdir} and {second.workdir} are both of {first.name}'
  one, two = (dict(_headlines(own)) for own in (first, second))
  for task in dict.fromkeys([*one, *two]):
    if one.get(task) != two.get(task):
      here, there = one.get(task, 'nothing'), two.get(task, 'nothing')
      raise InputError(
        f'{both}, with different metrics: task {task} has {here} in one and '
        f'{there} in the other; join workdirs of the same tasks and metrics'
      )
  drawn = all(s.base.header['split'] == 'drawn' for s in (first, second))
  fields = [s.base.header['comparable'].get('dataset') for s in (first, second)]
  if not drawn or fields[0] == fields[1]:
    raise InputError(
      f'{both}, which counts once whatever the encoder or budget, since data '
      'sets are taken for independent; name one of them'
    )


def _headlines(own: DataSet) -> list[tuple[str, str]]:
  return [(name, metric) for name, metric, _ in counted(own.base)]


def _labels(sets: Sequence[DataSet]) -> list[str]:
  every = (c.label for own in sets for c in own.cells if not c.is_baseline)
  return list(dict.fromkeys(every))


def _lacking(label: str, sets: Sequence[DataSet]) -> str:
  """Why a row cannot be joined; '' if it can."""
  absent = [
    own.name for own in sets if label not in [c.label for c in own.cells]
  ]
  if absent:
    return f'not in {", ".join(absent)}'
  few = [s.name for s in sets if len(s.seeds(s.cell(label))) < LEAST_SEEDS]
  return f'fewer than {LEAST_SEEDS} complete seeds in {", ".join(few)}' * any(
    few
  )


def _rows(sets: Sequence[DataSet]) -> str:
  return '; '.join(
    f'{own.workdir} has ' + (', '.join(_labels([own])) or 'none besides single')
    for own in sets
  )
