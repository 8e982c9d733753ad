"""Delta_m of schemes x balancers: every pair, and the part without gaps."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from mtl_jax.report import stats
from mtl_jax.report.agreement import baseline
from mtl_jax.report.compare.deltas import deltas
from mtl_jax.report.grid import factorial
from mtl_jax.report.results import Cell

Pair = tuple[str, str]
COLUMNS = (
  *('dataset', 'scheme', 'balancer', 'n_seeds', 'delta_m'),
  *('ci_low', 'ci_high', 'p_holm', 'p_equivalent_holm', 'detectable'),
  *('verdict', 'reason'),
)


class Part(NamedTuple):
  """Schemes x balancers without a gap, at the seeds that all cells have.

  `values` is Delta_m in percent, `[schemes, balancers, seeds]`.
  """

  schemes: list[str]
  balancers: list[str]
  values: np.ndarray


class Grid(NamedTuple):
  """Everything that the page and the figure show.

  Attributes:
    cells: of the table, the baseline and the reference among them.
    schemes: rows, in the order asked for.
    balancers: columns, in the order asked for.
    frame: one line per pair (`COLUMNS`); an unknown pair has a reason.
    part: over which means and effects are taken.
    margin: of equivalence, in % points.
  """

  cells: Sequence[Cell]
  schemes: list[str]
  balancers: list[str]
  frame: pd.DataFrame
  part: Part
  margin: float = 100 * stats.MARGIN

  @property
  def test_over_train(self) -> float | None:
    """Test rows over training rows for resplits; else None."""
    return baseline(self.cells).test_over_train

  @property
  def effects(self) -> factorial.Effects | None:
    """None where there are too few schemes, balancers or seeds."""
    if min(self.part.values.shape) < 2:
      return None
    return factorial.effects(self.part.values, self.test_over_train)


def make(
  cells: Sequence[Cell],
  rows: pd.DataFrame,
  schemes: Sequence[str],
  balancers: Sequence[str],
  refused: Mapping[Pair, str],
) -> Grid:
  """Makes the grid of a table.

  Args:
    cells: of the table.
    rows: the table, from `compare.rows.rows`.
    schemes: rows of the grid.
    balancers: columns of the grid.
    refused: the reasons of pairs (scheme, balancer) that have no cell.

  Returns:
    The grid.
  """
  base = baseline(cells)
  results = {(c.scheme, c.balancer): deltas(c, base) for c in cells}
  unknown = {p: d.reason for p, (_, d) in results.items() if d.reason}
  frame = _frame(rows, schemes, balancers, {**refused, **unknown})
  part = _part(per_seed(cells), schemes, balancers)
  margin = float(rows[rows['metric'] == 'delta_m']['margin'].iloc[0])
  return Grid(cells, list(schemes), list(balancers), frame, part, margin)


def per_seed(cells: Sequence[Cell]) -> dict[Pair, pd.Series]:
  """Returns Delta_m in percent by seed, of every pair where it is known."""
  base = baseline(cells)
  results = {(c.scheme, c.balancer): deltas(c, base) for c in cells}
  return {
    pair: pd.Series(delta.per_seed, seeds)
    for pair, (seeds, delta) in results.items()
    if delta.per_seed is not None
  }


def _frame(rows, schemes, balancers, reasons) -> pd.DataFrame:
  keys = pd.MultiIndex.from_product(
    [schemes, balancers], names=['scheme', 'balancer']
  )
  delta = rows[rows['metric'] == 'delta_m'].rename(columns={'mean': 'delta_m'})
  # A pair without a cell becomes a row of NaN.
  frame = delta.set_index(keys.names).reindex(keys).reset_index()
  frame['dataset'] = rows['dataset'].iloc[0]
  frame['n_seeds'] = frame['n_seeds'].fillna(0).astype(int)
  frame['verdict'] = frame['verdict'].fillna('')
  frame['reason'] = [reasons.get(pair, '') for pair in keys]
  return frame[[*COLUMNS]]


def _part(known_seeds: dict[Pair, pd.Series], schemes, balancers) -> Part:
  known = np.array(
    [[(s, b) in known_seeds for b in balancers] for s in schemes]
  )
  rows, columns = factorial.complete(known)
  names = [schemes[i] for i in rows], [balancers[j] for j in columns]
  series = [known_seeds[s, b] for s in names[0] for b in names[1]]
  if not series:
    return Part([], [], np.empty((0, 0, 0)))
  # Only seeds that all of them have; [pairs, seeds].
  together = pd.concat(series, axis=1, join='inner').sort_index().to_numpy().T
  return Part(*names, together.reshape(len(rows), len(columns), -1))
