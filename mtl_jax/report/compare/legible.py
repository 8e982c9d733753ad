"""Which rows figures draw, where a table has more than a reader can tell."""

from collections.abc import Sequence

import pandas as pd

from mtl_jax.report.agreement import Ordered, ordered
from mtl_jax.report.results import Cell

MOST = 60  # rows besides the baseline and references


def rows(cells: Sequence[Cell], frame: pd.DataFrame) -> Ordered:
  """Returns all cells, or of very many the best and the worst.

  Args:
    cells: of the table, in any order.
    frame: from `rows.rows`.

  Returns:
    In the order of the table: the baseline and references; then, of more than
    `MOST` others, as many of the highest Delta_m as of the lowest.
  """
  cells = ordered(cells)
  others = [cell for cell in cells if not _always(cell)]
  if len(others) <= MOST:
    return cells
  found = frame[frame['metric'] == 'delta_m']
  means = found.set_index(['scheme', 'balancer'])['mean'].dropna().to_dict()
  known = [cell for cell in others if (cell.scheme, cell.balancer) in means]
  known.sort(key=lambda cell: -means[cell.scheme, cell.balancer])
  half = MOST // 2
  kept = {cell.label for cell in [*known[:half], *known[-half:]]}
  return Ordered(c for c in cells if _always(c) or c.label in kept)


def caption(cells: Sequence[Cell], frame: pd.DataFrame) -> str:
  """Returns how many rows figures draw, or '' where they draw all.

  Args:
    cells: of the table, in any order.
    frame: from `rows.rows`.
  """
  left = len(cells) - len(rows(cells, frame))
  if not left:
    return ''
  half = MOST // 2
  return (
    f'Drawn are the {half} rows of the highest Δm and the {half} of the '
    f'lowest; the other {left} are in the table alone.'
  )


def _always(cell: Cell) -> bool:
  return cell.is_baseline or cell.is_reference
