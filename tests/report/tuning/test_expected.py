"""The best of n draws: against every subset, and against the table."""

import itertools
import math

import numpy as np
import pytest

from mtl_jax.report import stats
from mtl_jax.report.compare import rows
from mtl_jax.report.tuning import expected
from tests.report.tuning import rows_of_draws


def by_enumeration(scores, values, n):
  """The mean over all subsets of n of what the best of each reaches."""
  best = []
  for subset in itertools.combinations(range(len(scores)), n):
    chosen = min(subset, key=lambda i: scores[i])
    if math.isfinite(scores[chosen]):
      best.append(values[chosen])
  return np.mean(best)


@pytest.mark.parametrize('failed', [0, 2])
def test_the_best_of_n_is_that_of_every_subset(failed):
  rng = np.random.default_rng(0)
  scores, values = rng.normal(size=(2, 7)).round(1)
  scores[3] = scores[5]  # a tie: the first of them is chosen
  scores[:failed] = np.inf
  values[:failed] = np.nan
  found = expected.best_of(scores, values)
  wanted = [by_enumeration(scores, values, n) for n in range(1, 8)]
  np.testing.assert_allclose(found, wanted)


def test_chances_sum_to_one_and_the_last_is_the_best_of_all():
  chances = expected.chances(1000)
  np.testing.assert_allclose(chances.sum(1), 1)
  assert chances[-1, 0] == 1
  assert np.isnan(
    expected.best_of(np.full(3, np.inf), np.full(3, np.nan))
  ).all()


def test_a_curve_ends_at_the_row_of_the_table(tmp_path):
  tuned = rows_of_draws.tuned(tmp_path)
  base, hard = tuned
  frame = expected.curves(tuned)
  last = frame[(frame.scheme == 'hard') & (frame.draws == 4)].iloc[0]
  _, delta = rows.deltas(hard.cell, base.untuned)
  test = stats.one_sample(
    delta.per_seed, stats.PERCENT, base.cell.test_over_train
  )
  assert last['mean'] == pytest.approx(test.mean)
  assert (last['low'], last['high']) == pytest.approx((test.low, test.high))
  # Separate towers have a choice for each task, also in the expectation.
  assert base.cell.setting[0].hp_of
  _, delta = rows.deltas(base.cell, base.untuned)
  ends = expected.of_row(base, base.untuned)[:, -1]
  np.testing.assert_allclose(ends, delta.per_seed)


def test_a_curve_begins_at_the_mean_of_the_draws(tmp_path):
  base, hard = rows_of_draws.tuned(tmp_path)
  means = []
  for own in hard.draws:
    cell = hard.cell._replace(setting=own)
    means.append(rows.deltas(cell, base.untuned)[1].per_seed)
  begins = expected.of_row(hard, base.untuned)[:, 0]
  np.testing.assert_allclose(begins, np.mean(means, axis=0))


def test_on_one_split_the_mean_over_seeds_chooses(tmp_path):
  base, hard = rows_of_draws.tuned(tmp_path, split='fixed')
  ends = expected.of_row(hard, base.untuned)[:, -1]
  _, delta = rows.deltas(hard.cell, base.untuned)
  np.testing.assert_allclose(ends, delta.per_seed)


def test_named_primary_tasks_count_alone(tmp_path):
  base, hard = rows_of_draws.tuned(tmp_path)
  every = expected.of_row(hard, base.untuned)
  names = [task.name for task in hard.cell.tasks]
  each = []
  for name in names:
    header = {**hard.cell.header, 'primary': [name]}
    own = hard._replace(cell=hard.cell._replace(header=header))
    each.append(expected.of_row(own, base.untuned))
  np.testing.assert_allclose(np.mean(each, axis=0), every)
