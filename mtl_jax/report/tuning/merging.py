"""A tuned row: the choice among draws that several cells may have trained."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mtl_jax.report.results import Cell, Run, select

UNTUNED = 'untuned'


class Part(NamedTuple):
  """A cell that trained some of the draws of a row.

  Attributes:
    cell: with a setting for each of its draws, in order.
    draws: their numbers in the row.
    choices: fields of the balancer that all of its settings have in common,
      and other parts may not.
  """

  cell: Cell
  draws: Sequence[int]
  choices: Mapping[str, Any]


class Tuned(NamedTuple):
  """A tuned row.

  Attributes:
    cell: the row, with the choice among all draws.
    untuned: the same row at the configuration's own setting, the first draw.
    draws: the runs of each draw, by seed.
  """

  cell: Cell
  untuned: Cell
  draws: tuple[tuple[Run, ...], ...]


def merged(parts: Sequence[Part], row: tuple[str, str], words: str) -> Tuned:
  """Chooses among all draws of a row.

  Args:
    parts: the cells that trained them.
    row: names of scheme and balancer under which a table shows it.
    words: the budget of the tuning, for the line above the table.

  Returns:
    The row. Curves are kept for the runs that a table shows.
  """
  runs = [run for part in parts for run in _numbered(part)]
  first = parts[0].cell
  names = dict(zip(('scheme', 'balancer'), row, strict=True))
  count = sum(len(part.draws) for part in parts)
  told = {
    'hash': ' '.join(part.cell.header['hash'] for part in parts),
    'tuning': words,
    'tuned_balancer': first.header['balancer'],  # for notes on its weights
    'draws': count,
  }
  light = tuple(run._replace(curve=()) for run in runs)
  cell = first._replace(
    header={**first.header, **names, **told},
    runs=light,
    setting=select(runs, first.header['split']),
    cost=_cost([part.cell.cost for part in parts]),
    notes=tuple(dict.fromkeys(n for part in parts for n in part.cell.notes)),
    made=tuple(job for part in parts for job in part.cell.made),
  )
  draws = tuple(_draw(light, number) for number in range(count))
  return Tuned(cell, _untuned(cell, _draw(runs, 0)), draws)


def _numbered(part: Part) -> list[Run]:
  """The runs of a part, with the numbers of their draws in the row."""
  # The runs of a cell are all seeds of the first setting, then of the next.
  seeds = len(part.cell.header['seeds'])
  return [
    run._replace(
      number=part.draws[run.number // seeds], hp=_with(run.hp, part.choices)
    )
    for run in part.cell.runs
  ]


def _with(hp: dict[str, Any], choices: Mapping[str, Any]) -> dict[str, Any]:
  """Hyperparameters with the categorical fields of the balancer."""
  fields = {**hp.get('balancer', {}), **choices}
  return hp | ({'balancer': fields} if fields else {})


def _draw(runs: Sequence[Run], number: int) -> tuple[Run, ...]:
  own = (run for run in runs if run.number == number)
  return tuple(sorted(own, key=lambda run: run.seed))


def _untuned(cell: Cell, runs: tuple[Run, ...]) -> Cell:
  header = {k: v for k, v in cell.header.items() if k != 'draws'}
  # Its seconds are a share of the cell's that nobody has measured.
  cost = {**cell.cost, 'seconds': None}
  return cell._replace(header=header, runs=runs, setting=runs, cost=cost)


def _cost(costs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
  """Seconds of all parts, their speed together, and the rest of the first."""
  seconds = [cost.get('seconds') or 0.0 for cost in costs]
  if not sum(seconds):
    return dict(costs[0])
  speeds = [cost.get('steps_per_second') or 0.0 for cost in costs]
  steps = sum(s * v for s, v in zip(seconds, speeds, strict=True))
  both = {
    'seconds': sum(seconds),
    'steps_per_second': steps / sum(seconds) or None,
  }
  memory = [m for cost in costs if (m := cost.get('peak_memory')) is not None]
  return {**costs[0], **both, 'peak_memory': max(memory, default=None)}


def shown(tuned: Sequence[Tuned]) -> list[Cell]:
  """Returns the rows of a table, with `single` also as it is untuned.

  Args:
    tuned: the rows; the baseline is one of them.
  """
  table = []
  for row in tuned:
    table.append(row.cell)
    if row.cell.is_baseline:
      name = f'{row.cell.scheme} {UNTUNED}'
      header = {**row.untuned.header, 'scheme': name}
      table.append(row.untuned._replace(header=header))
  return table
