"""Counts of wrong and right verdicts in simulated tables."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.verdicts import worlds
from mtl_jax.report import families, power, stats

SEEDS = (3, 10, 30)
ROWS = (2, 6, 24)
ONE_TASK = 1000.0  # the gain in % of the one task that differs
# A comparison with the level is all that is asked of p-values.
FLOOR = stats.ALPHA * (1 - 1e-9)


class Setting(NamedTuple):
  """One kind of table."""

  split: str
  learner: str
  seeds: int
  rows: int

  @property
  def overlap(self) -> float | None:
    """As `Cell.test_over_train`."""
    train, _, test = worlds.LEARNERS[self.learner].units
    return test / train if self.split == 'resplit' else None

  @property
  def part(self) -> float:
    """Variance of a mean over that of one value, as the test takes it."""
    return stats.share(self.seeds, self.overlap)


class Tests(NamedTuple):
  """Of Delta_m, then of each task, in %, `[tables, rows, 1 + tasks]`."""

  mean: np.ndarray
  std: np.ndarray

  def plus(self, tasks: Sequence[float]) -> 'Tests':
    """Adds known gains of the tasks, in %, to all rows."""
    return self._replace(mean=self.mean + [np.mean(tasks), *tasks])


def simulate(split: str, learner: str, tables: int, seed: int) -> np.ndarray:
  """Returns the metrics of tables of the largest size.

  Args:
    split: 'resplit' or 'fixed'.
    learner: of `worlds.LEARNERS`.
    tables: how many worlds.
    seed: of the random numbers.

  Returns:
    `[tables, seeds, 1 + rows, tasks]`; smaller tables are parts of it.
  """
  rng = np.random.default_rng(seed)
  kind, sizes = worlds.LEARNERS[learner], (max(SEEDS), 1 + max(ROWS))
  return np.stack(
    [worlds.draw(rng, split, kind, *sizes) for _ in range(tables)]
  )


def rows_of(values: np.ndarray, setting: Setting) -> list[dict]:
  """Returns all counts of one setting: a line per question.

  Args:
    values: from `simulate`.
    setting: the size of table.
  """
  part = values[:, : setting.seeds, : 1 + setting.rows]
  same = gains(part)
  smallest, margin = _sizes(same, setting)
  one, others = (
    same.plus([ONE_TASK] + [0.0] * (worlds.TASKS - 1)),
    slice(2, None),
  )
  at_margin = same.plus([margin] * worlds.TASKS)
  plain = setting._replace(split='fixed')
  found = {
    'copies: a difference found': _found(same, setting).any((1, 2)),
    'one task differs: another found': (
      _found(one, setting)[:, :, others].any((1, 2))
    ),
    'at the margin: called equivalent': (
      _equivalent(at_margin, margin, setting).any((1, 2))
    ),
    'copies: Delta_m called equivalent': (
      _equivalent(same, margin, setting)[:, :, 0]
    ),
    'at the smallest shown: found': _power(same, smallest, setting),
    'coverage of Delta_m': _covers(same, setting)[:, :, 0],
    'coverage of a difference': _covers(same, setting)[:, :, 1:],
    'coverage of a mean': _covers_mean(values, part, setting),
    'coverage of Delta_m without the correction': (
      _covers(same, plain)[:, :, 0]
    ),
  }
  sizes = {'margin': margin, 'smallest': smallest, 'tables': len(values)}
  return [
    setting._asdict()
    | {'question': name, 'share': float(np.mean(hits))}
    | sizes
    for name, hits in found.items()
  ]


def gains(values: np.ndarray) -> Tests:
  """Returns relative gains over the first model, whose truth is 0.

  Args:
    values: `[tables, seeds, models, tasks]`, lower is better.
  """
  base = values[:, :, :1]
  gain = 100 * (base - values[:, :, 1:]) / base.mean(1, keepdims=True)
  both = np.concatenate([gain.mean(-1, keepdims=True), gain], -1)
  return Tests(both.mean(1), both.std(1, ddof=1))


def _sizes(same: Tests, setting: Setting) -> tuple[float, float]:
  """The smallest Delta_m shown, median over rows; and a margin to test with."""
  std = power.typical(float(np.median(same.std[:, :, 0])), setting.seeds)
  level = stats.ALPHA / setting.rows
  smallest = power.detectable(std, setting.seeds, setting.part, level)
  # A margin at which equivalence is found at times: a larger or smaller one
  # would be no test of it.
  return smallest, 1.5 * smallest


def _found(tests: Tests, setting: Setting) -> np.ndarray:
  """Which differences are shown, in the family of `report.compare`."""
  p = stats.p_different(*tests, setting.seeds, setting.part, 0.0)
  return np.stack([_adjusted(table, implies=True) for table in p])


def _equivalent(tests: Tests, margin: float, setting: Setting) -> np.ndarray:
  p = stats.p_apart(*tests, setting.seeds, setting.part, 0.0, margin)
  shown = np.stack([_adjusted(table, implies=False) for table in p])
  return shown & ~_found(tests, setting)


def _adjusted(p_values: np.ndarray, implies: bool) -> np.ndarray:
  """Which tests of a table `[rows, 1 + tasks]` are shown."""
  tests = [[families.Claim(float(p)) for p in row] for row in p_values]
  for delta, *tasks in tests:
    delta.behind, delta.implies = tasks, implies
  families.adjust([row[0] for row in tests], FLOOR)
  return np.array([[t.adjusted < stats.ALPHA for t in row] for row in tests])


def _power(same: Tests, smallest: float, setting: Setting) -> np.ndarray:
  """Whether a row that differs by the smallest difference, alone, is found."""
  mean = same.mean.copy()
  mean[:, 0] += smallest
  return _found(same._replace(mean=mean), setting)[:, 0, 0]


def _covers(tests: Tests, setting: Setting) -> np.ndarray:
  t = stats.p_different(*tests, setting.seeds, setting.part, 0.0)
  # The 95 % interval holds 0 where p is not below .05.
  return t >= 1 - stats.LEVEL


def _covers_mean(values, part, setting: Setting) -> np.ndarray:
  """Whether the interval of a row's own metric holds its expectation."""
  if setting.split == 'fixed':
    # Of this split: the mean over all trainings of all models, which are alike.
    truth = values.mean((1, 2), keepdims=True)
  else:
    truth = values.mean((0, 1, 2), keepdims=True)
  away = part - truth
  tests = Tests(away.mean(1), away.std(1, ddof=1))
  return _covers(tests, setting)
