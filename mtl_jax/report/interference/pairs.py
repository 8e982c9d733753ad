"""Which pairs of tasks conflict or agree: matrices, pooled over a run's probes.

Every seed is one value, the mean over its probes, and all seeds have as many
probes. Intervals and tests are over seeds. Where seeds are resplits, both are
widened as for test errors (`results.Cell.test_over_train`). That is a
convention: Nadeau and Bengio derived it for test errors, while measures are of
training rows, which overlap more, so that intervals can be too narrow.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from mtl_jax.report import stats
from mtl_jax.report.interference.probe_records import TOTAL
from mtl_jax.report.results import Cell

COLUMNS = (
  *('measure', 'module', 'task_i', 'task_j', 'mean', 'ci_low', 'ci_high'),
  *('p_value', 'p_holm', 'verdict', 'n_seeds'),
)
KEYS = ['measure', 'module', 'task_i', 'task_j']
CORRECTED = 'corrected_cosine'
# What is tested against 0, of all modules, and what below and above is called.
VERDICTS = {
  CORRECTED: ('conflict', 'agree'),
  'tag': ('hurts', 'helps'),
  'grad_tag': ('hurts', 'helps'),
}
NOT_SHOWN = stats.UNDECIDED


class Interference(NamedTuple):
  """All that was measured in one cell.

  Attributes:
    cell: whose runs were probed.
    frame: `probe_records.COLUMNS`, with similarities of features.
    matrices: `COLUMNS`, pooled over probes and tested.
    batches: of one probe.
  """

  cell: Cell
  frame: pd.DataFrame
  matrices: pd.DataFrame
  batches: int

  @property
  def names(self) -> list[str]:
    """Names of the tasks."""
    return [task.name for task in self.cell.tasks]

  def of(self, measure: str, module: str = TOTAL) -> pd.DataFrame:
    """Returns a measure's matrix, a line per pair (i, j).

    Args:
      measure: its name.
      module: its name.

    Returns:
      Rows of `matrices` by (task_i, task_j); empty if nothing is known.
    """
    rows = self.matrices
    own = rows[(rows['measure'] == measure) & (rows['module'] == module)]
    return own.set_index(['task_i', 'task_j'])


def make(frame: pd.DataFrame, cell: Cell, batches: int) -> Interference:
  """Pools the probes of a cell and tests its pairs.

  Args:
    frame: from `probe_records.frame`, with the similarities of features.
    cell: whose runs were probed.
    batches: of one probe.

  Returns:
    Everything that the page and the figures show.
  """
  rows = per_seed(frame).groupby(KEYS, sort=False)['value']
  lines = [
    (*key, *_tested(key, values.to_numpy(), cell.test_over_train))
    for key, values in rows
  ]
  matrices = pd.DataFrame(lines, columns=[*COLUMNS])
  for measure in VERDICTS:
    matrices = _judged(matrices, measure)
  return Interference(cell, frame, matrices, batches)


def per_seed(frame: pd.DataFrame) -> pd.DataFrame:
  """Returns means over probes: `KEYS`, seed and value.

  The corrected cosine is that of the mean products: a ratio of means has less
  bias than a mean of ratios.
  """
  rows = frame[frame['measure'] != CORRECTED]
  means = rows.groupby([*KEYS, 'seed'], sort=False)['value'].mean()
  means = means.reset_index()
  return pd.concat([means, pooled(means)], ignore_index=True)


def pooled(means: pd.DataFrame) -> pd.DataFrame:
  """Returns corrected cosines of mean products of gradients.

  A pair has none in a seed where the squared norm of a gradient is estimated at
  0 or less, so that it cannot be distinguished from noise.
  """
  products = means[means['measure'] == 'product']
  where = ['module', 'seed']
  own = products['task_i'] == products['task_j']
  squares = products[own].set_index([*where, 'task_i'])['value']
  # An estimate, from different batches, of a squared norm can be negative.
  squares = squares.where(squares > 0).rename_axis([*where, 'task'])
  pairs = products[~own].assign(measure=CORRECTED)
  length = 1.0
  for side in ('task_i', 'task_j'):
    keys = pd.MultiIndex.from_frame(pairs[[*where, side]])
    length = length * np.sqrt(squares.reindex(keys).to_numpy())
  # Numerator and denominator are estimates, whose ratio can exceed 1.
  pairs['value'] = np.clip(pairs['value'] / length, -1, 1)
  return pairs[pairs['value'].notna()]


def _tested(key: tuple, values: np.ndarray, ratio: float | None) -> tuple:
  # Cosines, and changes as shares of a loss, are of the size of 1.
  test = stats.one_sample(values, 1.0, ratio)
  is_tested = key[0] in VERDICTS and key[1] == TOTAL
  p_value = test.p_value if is_tested else None
  return *test[:3], p_value, None, '', len(values)


def _judged(lines: pd.DataFrame, measure: str) -> pd.DataFrame:
  """The lines with p-values corrected over the pairs, and verdicts."""
  lines = lines.astype({'p_value': float, 'p_holm': float})
  tested = (lines['measure'] == measure) & (lines['module'] == TOTAL)
  rows = lines[tested]
  if measure == CORRECTED:  # The same of (i, j) and (j, i): one test.
    names = zip(rows['task_i'], rows['task_j'], strict=True)
    pairs = [tuple(sorted(pair)) for pair in names]
  else:
    pairs = [*zip(rows['task_i'], rows['task_j'], strict=True)]
  raw = dict(zip(pairs, rows['p_value'], strict=True))
  known = [None if np.isnan(p) else p for p in raw.values()]
  adjusted = dict(zip(raw, stats.holm(known), strict=True))
  lines.loc[tested, 'p_holm'] = np.array([adjusted[p] for p in pairs], float)
  lines.loc[tested, 'verdict'] = [
    verdict(measure, mean, adjusted[pair])
    for mean, pair in zip(rows['mean'], pairs, strict=True)
  ]
  return lines


def verdict(measure: str, mean: float, p_holm: float | None) -> str:
  """Returns what a test shows of a mean, at the level `stats.ALPHA`.

  Args:
    measure: one of `VERDICTS`.
    mean: whose sign decides.
    p_holm: corrected; None if unknown.

  Returns:
    A word of `VERDICTS`, or `NOT_SHOWN`.
  """
  if p_holm is None or not p_holm < stats.ALPHA:
    return NOT_SHOWN
  return VERDICTS[measure][mean > 0]
