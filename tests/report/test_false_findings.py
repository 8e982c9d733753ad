"""Verdicts of tables whose truth is known are wrong in at most 5 % of them.

`benchmarks.verdicts` counts more tables, seeds and rows, and resplits that are
dealt from real units (docs/results/verdicts). Here the whole path is taken,
from runs to verdicts.
"""

import numpy as np
import pytest
from scipy.stats import binom

from mtl_jax.report.compare import rows, verdicts
from mtl_jax.report.results import Cell, Run, TaskInfo
from tests.report import fake

REPEATS, SEEDS = 400, 6
# More findings than this have a chance below 1 in 1000 where the rate is 5 %.
MOST = binom.ppf(0.999, REPEATS, 0.05) / REPEATS
HEADERS = {
  split: {
    scheme: fake.header(scheme, split=split) for scheme in ('single', 'hard')
  }
  for split in ('fixed', 'resplit')
}
TASKS = tuple(
  TaskInfo(t['name'], t['kind'], tuple(map(tuple, t['metrics'])))
  for t in fake.tasks()
)


def cell(scheme: str, split: str, noise: np.ndarray, gains=(0, 0, 0)) -> Cell:
  """A cell whose metrics are their level, noise [seeds, metrics] and a gain."""
  runs = []
  for seed, row in enumerate(noise):
    left = iter(row)
    test = {
      task.name: {
        name: fake.LEVEL[name] * (1 + (gain if up else -gain))
        + 0.02 * next(left)
        for name, up in task.metrics
      }
      for task, gain in zip(TASKS, gains, strict=True)
    }
    runs.append(Run(seed, {}, test=test))
  return Cell(HEADERS[split][scheme], TASKS, tuple(runs), tuple(runs), {}, ())


def share_of_tables(
  with_, split, noise, gains=(0, 0, 0), margin=0.01, repeats=REPEATS
):
  """The share of tables `with_` holds for, given their rows by task."""
  rng = np.random.default_rng(7)
  count = 0
  for _ in range(repeats):
    base, other = (
      cell('single', split, noise(rng)),
      cell('hard', split, noise(rng), gains),
    )
    table = [
      row for one in (base, other) for row in rows.of_cell(one, base, margin)
    ]
    verdicts.judge(table)
    count += with_([row for row in table if row['scheme'] == 'hard'])
  return count / repeats


def a_difference(table) -> bool:
  return any(row['verdict'] in ('better', 'worse') for row in table)


def independent(rng) -> np.ndarray:
  return rng.normal(size=(SEEDS, 8))


def overlapping(rng) -> np.ndarray:
  # The correlation that Nadeau and Bengio assume: n_test / (n_test + n_train).
  common, own = rng.normal(size=(1, 8)), rng.normal(size=(SEEDS, 8))
  return np.sqrt(0.2) * common + np.sqrt(0.8) * own


def few_steps(rng) -> np.ndarray:
  # Accuracy on a small test split: two of three seeds differ by one step.
  return np.round(rng.normal(size=(2, 8)))


@pytest.mark.parametrize(
  ('split', 'noise'),
  [
    ('fixed', independent),
    ('fixed', few_steps),
    ('resplit', overlapping),
    ('resplit', few_steps),
  ],
)
def test_copies_are_found_different_in_5_percent_at_most(split, noise):
  assert share_of_tables(a_difference, split, noise) <= MOST


def test_the_plain_test_finds_too_much_in_resplits():
  assert share_of_tables(a_difference, 'fixed', overlapping) > MOST


def test_where_one_task_differs_the_others_are_found_in_5_percent_at_most():
  def another(table) -> bool:
    assert table[-1]['verdict'] == 'better'  # Delta_m: the gate is open
    return a_difference([r for r in table if r['task'] in ('cd4_1', 'death_0')])

  assert share_of_tables(another, 'fixed', independent, (1, 0, 0)) <= MOST


@pytest.mark.parametrize(
  ('split', 'noise'), [('fixed', independent), ('resplit', overlapping)]
)
def test_a_difference_of_the_margin_is_called_equivalent_in_5_percent_at_most(
  split, noise
):
  def alike(table) -> bool:
    return any(row['verdict'] == 'equivalent' for row in table)

  at_margin = share_of_tables(alike, split, noise, (0.2, 0.2, 0.2), 0.2)
  # Of what is alike most is called so: the test above is not empty.
  assert at_margin <= MOST
  assert share_of_tables(alike, split, noise, margin=0.2, repeats=40) > 0.9
