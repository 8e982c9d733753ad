"""Simulated tables: their metrics and their counts by another way."""

import numpy as np
import pytest

from benchmarks.verdicts import counts, page, worlds
from mtl_jax.report import stats


def test_errors_of_a_world_are_those_of_least_squares():
  # One model, no noise: what the sums over units give, done by hand.
  learner = worlds.Learner((6, 0, 4), 1, 0.0, 0.0)
  found = worlds.draw(np.random.default_rng(0), 'resplit', learner, 1, 1)
  rng = np.random.default_rng(0)
  x = rng.normal(size=(10, 1, worlds.TASKS, 1))[:, 0, :, 0]
  y = x + rng.normal(size=(10, worlds.TASKS))
  rng.normal(size=(10, 1, worlds.TASKS, 1))
  order = np.argsort(rng.random((1, 10)), axis=1)[0]
  train, test = order < 6, order >= 6
  for task in range(worlds.TASKS):
    a, b = x[train, task], y[train, task]
    error = y[test, task] - x[test, task] * (a @ b) / (a @ a)
    assert found[0, 0, task] == pytest.approx((error**2).mean() ** 0.5)


def test_gains_are_tested_as_the_report_tests_them():
  setting = counts.Setting('resplit', 'stable', 10, 2)
  values = counts.simulate('resplit', 'stable', 2, 0)[:, :10, :3]
  tests = counts.gains(values)
  base, other = values[1, :, 0], values[1, :, 2]
  delta = stats.paired_delta_m(other, base, [False] * worlds.TASKS).per_seed
  test = stats.one_sample(delta, 0.0, setting.overlap)
  assert tests.mean[1, 1, 0] == pytest.approx(test.mean)
  p = stats.p_different(*tests, 10, setting.part, 0.0)
  assert p[1, 1, 0] == pytest.approx(test.p_value)


def test_the_page_says_where_coverage_misses():
  rows = [
    {
      **counts.Setting(split, 'stable', 3, 2)._asdict(),
      'question': question,
      'share': share,
      'tables': 10,
    }
    for split, share in (('resplit', 0.98), ('fixed', 0.951))
    for question in (*page.WRONG, *page.RIGHT, *page.COVERAGE)
  ]
  text = page.markdown(page.pd.DataFrame(rows), 1.0)
  assert '- resplit, stable: not all within 1.5 points (+3.0 to +3.0)' in text
  assert '- fixed, stable: within 1.5 points (+0.1 to +0.1)' in text
