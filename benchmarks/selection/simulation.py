"""Equal settings, chosen on validation: how much better does the choice look?

Every setting is equally good: its loss on a row is noise of mean 0, the same in
every resplit. What a chosen setting gains on test is optimism, since on new
rows it would gain nothing.
"""

from typing import Any, NamedTuple

import numpy as np

from mtl_jax.report import stats
from mtl_jax.report.results import Run, select

# The `split` of `select` under which it chooses as named.
RULES = {'mean over resplits': 'fixed', 'inside each resplit': 'resplit'}


class Case(NamedTuple):
  """Sizes of a simulation; `rows` are of all, validation and test."""

  resplits: int
  settings: int = 32
  rows: tuple[int, int, int] = (2139, 428, 428)  # of ACTG 175


def simulate(case: Case, repeats: int, seed: int = 0) -> list[dict[str, Any]]:
  """Repeats the choice on data drawn anew.

  Args:
    case: the sizes.
    repeats: data sets that are drawn.
    seed: of the draws.

  Returns:
    A row per rule: gains of the chosen setting over the mean of all settings on
    validation and on test, in standard errors of a mean over the test rows,
    with the 95 % interval over repeats; + looks better.
  """
  rng = np.random.default_rng(seed)
  gains = np.array([_gains(case, rng) for _ in range(repeats)])
  return [
    _row(case, repeats, rule, gains[:, i]) for i, rule in enumerate(RULES)
  ]


def _gains(case: Case, rng: np.random.Generator) -> list[tuple[float, float]]:
  """Of each rule the gains on validation and test."""
  valid, test = _losses(case, rng)
  runs = [
    Run(r, {'setting': s}, score=valid[s, r], test={}, number=s)
    for s in range(case.settings)
    for r in range(case.resplits)
  ]
  gains = []
  for split in RULES.values():
    chosen = [run.number for run in select(runs, split)]
    each = np.arange(case.resplits)
    gains.append(
      tuple(float(x.mean() - x[chosen, each].mean()) for x in (valid, test))
    )
  return gains


def _losses(case: Case, rng) -> tuple[np.ndarray, np.ndarray]:
  """Mean losses `[settings, resplits]` on validation and test rows."""
  total, num_valid, num_test = case.rows
  losses = rng.normal(size=(case.settings, total))
  orders = [rng.permutation(total) for _ in range(case.resplits)]
  parts = (
    [order[:num_valid] for order in orders],
    [order[num_valid : num_valid + num_test] for order in orders],
  )
  unit = num_test**0.5
  valid, test = (
    unit * np.stack([losses[:, rows].mean(1) for rows in part], axis=1)
    for part in parts
  )
  return valid, test


def _row(case: Case, repeats: int, rule: str, gains: np.ndarray) -> dict:
  on_valid, on_test = (stats.interval(column) for column in gains.T)
  return {
    'rule': rule,
    'settings': case.settings,
    'resplits': case.resplits,
    'repeats': repeats,
    'valid_gain': on_valid.mean,
    'test_gain': on_test.mean,
    'test_low': on_test.low,
    'test_high': on_test.high,
    'share': on_test.mean / on_valid.mean,
  }
