"""Our accuracies of one recipe, compared row by row and seed by seed."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks import against
from benchmarks.against import Span
from benchmarks.multi_fashion.runs import TASKS
from mtl_jax.report import stats


class Ours(NamedTuple):
  """Test accuracies in percent.

  Attributes:
    by_row: by the name of a row: left and right by seed.
    overlap: units of test over units of training for resplits, else None.
  """

  by_row: dict[str, pd.DataFrame]
  overlap: float | None

  def mean(self, row: str) -> pd.Series:
    """The mean accuracy of both tasks by seed."""
    return self.by_row[row].mean(axis=1)

  def less(self, row: str, other: str) -> np.ndarray:
    """Differences of mean accuracies, on the seeds that both have."""
    return (self.mean(row) - self.mean(other)).dropna().to_numpy()

  def interval(self, values: np.ndarray) -> stats.Interval:
    """The 95 % interval of a mean over seeds."""
    return stats.interval(values, self.overlap)

  def gap(self, row: str, base: str) -> stats.Interval:
    """The difference to another row."""
    return self.interval(self.less(row, base))

  def delta_m(self, row: str) -> stats.Interval:
    """Delta_m against `single` in percent, + is better."""
    own, base = self.by_row[row], self.by_row['single']
    seeds = own.index.intersection(base.index)
    delta = stats.paired_delta_m(
      own.loc[seeds], base.loc[seeds], [True] * len(TASKS)
    )
    return self.interval([] if delta.per_seed is None else delta.per_seed)

  def ranks(self, rows: list[str]) -> dict[str, Span]:
    """The ranks that each row may have, 1 is the most accurate.

    The best is one more than the number of rows that are shown to be better by
    a 95 % interval of the paired difference; the worst likewise.

    Args:
      rows: names of the rows that are ranked.
    """
    return {
      row: _rank([self.gap(row, other) for other in rows if other != row])
      for row in rows
    }


def _rank(gaps: list[stats.Interval]) -> Span:
  above = sum(gap.high < 0 for gap in gaps)
  below = sum(gap.low > 0 for gap in gaps)
  return Span(1 + above, 1 + len(gaps) - below)


def ranks_of(spans: dict[str, Span]) -> dict[str, Span]:
  """The ranks that published rows may have, by intervals that are apart."""
  return {
    row: Span(
      1 + sum(other.low > span.high for other in spans.values()),
      len(spans) - sum(other.high < span.low for other in spans.values()),
    )
    for row, span in spans.items()
  }


def of(frame: pd.DataFrame) -> Ours:
  """Reads the lines of accuracies.csv that belong to one recipe."""
  by_row = {
    row: own.set_index('seed')[[*TASKS]].astype(float)
    for row, own in frame.groupby('row', sort=False)
  }
  overlap = pd.to_numeric(frame.test_over_train).iloc[0]
  return Ours(by_row, None if np.isnan(overlap) else float(overlap))


def differing(ours: Ours, row: str, other: str):
  """The interval of a paired difference by level, see `rules.part`."""
  return against.of_mean(ours.less(row, other), ours.overlap)
