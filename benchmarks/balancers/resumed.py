"""Benchmarks that can be interrupted and continued by the same command."""

import pathlib
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import results
from mtl_jax.run import progress

Row = dict[str, str]


def missing(rows: Sequence[Row], points: Sequence[Any]) -> list[Any]:
  """Returns the points that have not been measured.

  Args:
    rows: of the CSV file.
    points: each has a `key`, which are cells of its row.
  """
  return [p for p in points if p.key not in [_cut(r, p.key) for r in rows]]


def _cut(row: Row, like: Row) -> Row:
  return {name: row[name] for name in like}


def put(rows: Sequence[Row], new: Row, same: Sequence[str]) -> list[Row]:
  """Adds a row and removes the older ones of the same point.

  Args:
    rows: of the CSV file.
    new: the row to add.
    same: columns; rows with the same values in them are of the same point.
  """
  others = [row for row in rows if any(row[k] != new[k] for k in same)]
  return [*others, new]


def run(
  path: pathlib.Path,
  points: Sequence[Any],
  measure: Callable[[Any], Row],
  same: Sequence[str],
  order: Callable[[Row], Any],
) -> None:
  """Measures the points that have no row yet, and writes after each.

  Args:
    path: of the CSV file.
    points: each has a `name`, which is shown, and a `key`: cells that its row
      has once it is measured.
    measure: returns the other cells of a point's row; they include `ratio`,
      `ratio_low` and `ratio_high`.
    same: columns; a new row replaces an older one with the same values in them.
    order: a sort key for the rows of the file.
  """
  rows = results.read(path)
  left = missing(rows, points)
  with progress.Live(len(left)) as live:
    for number, point in enumerate(left, 1):
      live.title(point.name)
      new = {**point.key, **measure(point)}
      rows = sorted(put(rows, new, same), key=order)
      # The whole file, after each point: an interruption loses one at most.
      results.write(path, rows)
      live.skip(1)
      low, high = new['ratio_low'], new['ratio_high']
      live.say(
        f'{number} of {len(left)}: {point.name}: ratio {new["ratio"]} '
        f'({low} to {high})'
      )
