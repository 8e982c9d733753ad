"""A benchmark that can be cut off: the same command goes on where it was."""

import pathlib
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import results
from mtl_jax.run import progress

Row = dict[str, str]


def missing(rows: Sequence[Row], points: Sequence[Any]) -> list[Any]:
  """Points, each with the `key` of its row, that no row is of."""
  return [p for p in points if p.key not in [_cut(r, p.key) for r in rows]]


def _cut(row: Row, like: Row) -> Row:
  return {name: row[name] for name in like}


def put(rows: Sequence[Row], new: Row, same: Sequence[str]) -> list[Row]:
  """The rows with a new one, in place of that which is the `same`."""
  kept = [row for row in rows if any(row[k] != new[k] for k in same)]
  return [*kept, new]


def run(
  path: pathlib.Path,
  points: Sequence[Any],
  measure: Callable[[Any], Row],
  same: Sequence[str],
  order: Callable[[Row], Any],
) -> None:
  """Measures the points that have no row yet, and writes after each.

  Args:
    path: of the CSV.
    points: each with a `name` and the `key` of its row: cells that tell that
      it is done.
    measure: what it costs, in cells.
    same: columns; a new row stands in for an older one with the same in them.
    order: of rows in the CSV.
  """
  rows = results.read(path)
  left = missing(rows, points)
  with progress.Live(len(left)) as live:
    for number, point in enumerate(left, 1):
      live.title(point.name)
      new = {**point.key, **measure(point)}
      rows = sorted(put(rows, new, same), key=order)
      results.write(path, rows)
      live.skip(1)
      low, high = new['ratio_low'], new['ratio_high']
      live.say(
        f'{number} of {len(left)}: {point.name}: {new["ratio"]} times as long '
        f'({low} to {high})'
      )
