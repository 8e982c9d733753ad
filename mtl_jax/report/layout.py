"""The readable table as strings: numbers, marks, columns and blocks."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from mtl_jax.report import many, stats, units
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.results import Cell, TaskInfo

MARKS = {stats.BETTER: ' ▲', stats.WORSE: ' ▼', stats.EQUIVALENT: ' ='}
SMALLEST = 'smallest shown'  # the last line: with 80 % power, median over rows
DELTA = 'Δm % ↑'


class Table(NamedTuple):
  """Strings: the names of the columns, and a row per (scheme, balancer)."""

  header: list[str]
  body: list[list[str]]


def readable(cells: Sequence[Cell], frame: pd.DataFrame) -> Table:
  """Makes the table that people read: tasks, Delta_m, then the costs.

  Every task has a column, its headline metric. If there are more than
  `many.MOST` tasks, columns summarise them.

  Args:
    cells: of the table.
    frame: from `compare.rows.rows`.

  Returns:
    A row per cell; then, where anything was tested, the smallest difference
    that a column would have shown with 80 % power, the median over its rows.

  Raises:
    InputError: the cells cannot be compared.
  """
  cells = ordered(cells)
  # The column of failed runs is only shown if there are some.
  ratio = any(len(cell.completed) < len(cell.setting) for cell in cells)
  costs = ['params', 'FLOPs/step', 'steps/s', 'seconds']
  tasks = cells[0].tasks
  names = [_title(baseline(cells), task) for task in tasks]
  names = many.header(tasks) if many.too_many(tasks) else names
  rows = of_cells(frame, cells)
  base = rows[baseline(cells).label]
  header = ['scheme', *names, DELTA, *costs, *(['failed'] * ratio)]
  body = [_line(cell, rows[cell.label], base, ratio) for cell in cells]
  return Table(header, [*body, *_smallest(tasks, frame, len(header))])


def of_cell(frame: pd.DataFrame, cell: Cell) -> pd.DataFrame:
  """Returns the headline rows of one cell and its Delta_m.

  Args:
    frame: from `compare.rows.rows`.
    cell: one of the table.

  Returns:
    A row per task name, and `ALL` for Delta_m.
  """
  # NumPy's comparison of objects: this is called many times for each row.
  scheme, balancer = (frame[k].to_numpy() for k in ('scheme', 'balancer'))
  own = (scheme == cell.scheme) & (balancer == cell.balancer)
  own = frame.iloc[own.nonzero()[0]]
  return own.drop_duplicates('task').set_index('task')


def of_cells(
  frame: pd.DataFrame, cells: Sequence[Cell]
) -> dict[str, pd.DataFrame]:
  """Returns what `of_cell` does for every cell, by its label, and faster.

  Args:
    frame: from `compare.rows.rows`.
    cells: of the table.
  """
  keys = ['scheme', 'balancer']
  first = frame.drop_duplicates([*keys, 'task']).set_index('task')
  groups = dict(iter(first.groupby(keys, sort=False)))
  return {cell.label: groups[cell.scheme, cell.balancer] for cell in cells}


def with_interval(mean: float, low: float, high: float, sign: str = '') -> str:
  """Formats a mean and its interval, such as `0.712 ± 0.021`.

  Args:
    mean: NaN gives `–`.
    low: lower end of the interval; NaN leaves the interval out.
    high: upper end.
    sign: '+' to write a plus as well.

  Returns:
    As many decimals as two digits of the half-width take.
  """
  if not math.isfinite(mean):
    return '–'
  half = (high - low) / 2
  # Equal values have a mean that is rounded, and so a spread of 1e-16.
  if not (math.isfinite(half) and half > 1e-9 * abs(mean)):
    return f'{mean:{sign}.4g}'
  # Two significant digits of the half-width.
  decimals = max(0, 1 - math.floor(math.log10(half)))
  # Scientific notation is shorter for numbers as small as these.
  if decimals > 5:
    return f'{mean:{sign}.3g} ± {half:.2g}'
  return f'{mean:{sign}.{decimals}f} ± {half:.{decimals}f}'


def human(value: float | int | None) -> str:
  """Formats three digits and a unit: 12345 -> 12.3k; – for unknown values."""
  if value is None or not math.isfinite(value):
    return '–'
  # Rounded before the unit is chosen: 999.6 is 1k, not 1000.
  rounded = float(f'{value:.3g}')
  if abs(rounded) < 1000:
    return f'{rounded:g}'
  power = min(int(math.log10(abs(rounded))) // 3, 5)
  return f'{rounded / 1000**power:g}{"kMGTP"[power - 1]}'


def two_digits(value: float) -> str:
  """Formats two digits: 0.283 -> 0.28, 187.3 -> 190; – for unknown values."""
  return human(float(f'{value:.2g}'))


def blocks(table: Table, width: int) -> list[Table]:
  """Cuts a table into blocks of columns that fit a width.

  Args:
    table: whose first column is repeated in every block.
    width: in characters. A block of two columns may exceed it.

  Returns:
    The blocks, left to right.
  """
  columns = list(zip(table.header, *table.body, strict=True))
  # Columns are separated by three characters.
  sizes = [max(map(len, column)) + 3 for column in columns]
  groups, used = [[0]], sizes[0]
  for i in range(1, len(columns)):
    if used + sizes[i] > width and len(groups[-1]) > 1:
      groups.append([0])
      used = sizes[0]
    groups[-1].append(i)
    used += sizes[i]
  return [_columns(table, group) for group in groups]


def padded(table: Table) -> Table:
  """Adds blanks in place of missing marks, so that the numbers align."""
  marks = tuple(MARKS.values())
  columns = [
    [e if e.endswith(marks) or not any_marked else f'{e}  ' for e in column]
    for column in zip(*table.body, strict=True)
    # A loop over one value gives that value a name.
    for any_marked in [any(e.endswith(marks) for e in column)]
  ]
  return Table(table.header, [list(r) for r in zip(*columns, strict=True)])


def _columns(table: Table, chosen: list[int]) -> Table:
  body = [[line[i] for i in chosen] for line in table.body]
  return Table([table.header[i] for i in chosen], body)


def _title(base: Cell, task: TaskInfo) -> str:
  metric, higher_is_better = task.metrics[0]
  unit = units.of(base, task.name, metric)
  named = f'{task.name} {metric}{", " * bool(unit)}{unit}'
  return f'{named} {"↑" if higher_is_better else "↓"}'


def _line(cell: Cell, own: pd.DataFrame, base, ratio: bool) -> list[str]:
  entries = (
    many.entries(cell, own, base)
    if many.too_many(cell.tasks)
    else [_entry(own.loc[task.name], cell) for task in cell.tasks]
  )
  delta = '0' if cell.is_baseline else _entry(own.loc['ALL'], cell, '+')
  cost = own.loc['ALL']
  units = ('params', 'flops_per_step', 'steps_per_second', 'seconds')
  costs = [human(float(cost[unit])) for unit in units]
  runs = len(cell.setting)
  failed = [f'{runs - len(cell.completed)}/{runs}'] * ratio
  return [cell.label, *entries, delta, *costs, *failed]


def _entry(row: pd.Series, cell: Cell, sign: str = '') -> str:
  number = with_interval(row['mean'], row['ci_low'], row['ci_high'], sign)
  # Seeds on which the metric has no value; failed runs have their own column.
  seeds, of = int(row['n_seeds']), len(cell.completed)
  lost = f' ({seeds}/{of} seeds)' if 0 < seeds < of else ''
  return number + lost + MARKS.get(row['verdict'], '')


def _smallest(tasks, frame: pd.DataFrame, width: int) -> list[list[str]]:
  first = frame.drop_duplicates(['scheme', 'balancer', 'task'])
  known = first.dropna(subset=['detectable']).groupby('task')['detectable']
  medians = known.median()
  if medians.empty:
    return []
  names = [] if many.too_many(tasks) else [task.name for task in tasks]
  gap = len(many.header(tasks)) if many.too_many(tasks) else 0
  numbers = [two_digits(medians.get(n, math.nan)) for n in (*names, 'ALL')]
  line = [SMALLEST, *['–'] * gap, *numbers]
  return [line + ['–'] * (width - len(line))]
