"""Families of tests with gates, and what a test could have shown."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from mtl_jax.report import power, stats
from mtl_jax.report.families import Claim, adjust

RNG = np.random.default_rng(0)


def adjusted(tests: list[Claim], floor: float = 0.0) -> list[float | None]:
  adjust(tests, floor)
  return [test.adjusted for test in tests]


def scheme(delta: float | None, *tasks: float, implies: bool = True) -> Claim:
  return Claim(delta, [Claim(p) for p in tasks], implies)


def test_without_gates_it_is_holm():
  for p in RNG.uniform(size=(20, 8)) ** 3:
    assert adjusted([Claim(x) for x in p]) == pytest.approx(
      stats.holm(p.tolist())
    )


def test_a_gate_that_is_not_known_holds_nobody_back():
  tree = scheme(None, 0.01, 0.04)
  assert adjusted([tree]) == [None]
  assert [t.adjusted for t in tree.behind] == pytest.approx([0.02, 0.04])


def test_by_hand():
  first, second = scheme(0.01, 0.02, 0.03), scheme(0.2, 0.001)
  assert adjusted([first, second]) == pytest.approx([0.02, 0.2])
  # Two schemes; of the two tasks one differs since their mean does. Once both
  # are shown, the second scheme is alone.
  assert [t.adjusted for t in first.behind] == pytest.approx([0.04, 0.06])
  # Behind its gate, however small its own p-value.
  assert second.behind[0].adjusted == pytest.approx(0.2)
  assert [t.divisor for t in (first, *first.behind)] == [2, 2, 2]


def test_metrics_behind_tasks_take_no_level_that_tasks_still_need():
  """One task differs, in its headline alone; all other findings are wrong."""
  rng = np.random.default_rng(1)
  wrong, repeats = 0, 2000
  for p in rng.uniform(size=(repeats, 2, 2)):
    tasks = [Claim(first, [Claim(more)]) for first, more in p]
    tasks[0].p_value = 1e-9
    adjust([Claim(1e-9, tasks, implies=True)])
    nulls = [tasks[1], *(more for task in tasks for more in task.behind)]
    wrong += any(test.adjusted < 0.05 for test in nulls)
  assert wrong <= scipy_stats.binom.ppf(0.999, repeats, 0.05)


def test_metrics_are_tested_once_all_tasks_are_shown():
  tasks = [Claim(0.001, [Claim(0.02)]), Claim(0.04, [Claim(0.03)])]
  adjust([Claim(0.001, tasks, implies=True)])
  assert [task.adjusted for task in tasks] == pytest.approx([0.001, 0.04])
  metrics = [task.behind[0] for task in tasks]
  assert [own.adjusted for own in metrics] == pytest.approx([0.04, 0.04])
  assert [own.divisor for own in metrics] == [2, 2]


def test_a_task_never_has_a_smaller_p_value_than_its_gate():
  for p in RNG.uniform(size=(20, 3, 5)) ** 4:
    trees = [scheme(*row) for row in p]
    for tree, gate in zip(trees, adjusted(trees), strict=True):
      assert all(task.adjusted >= gate for task in tree.behind)


def test_a_floor_changes_no_verdict():
  for p in RNG.uniform(size=(50, 3, 4)) ** 5:
    slow, fast = ([scheme(*row) for row in p] for _ in range(2))
    a, b = np.array(adjusted(slow)), np.array(adjusted(fast, 0.0499999))
    assert ((a < 0.05) == (b < 0.05)).all()
    for one, other in zip(slow, fast, strict=True):
      for left, right in zip(one.behind, other.behind, strict=True):
        assert (left.adjusted < 0.05) == (right.adjusted < 0.05)


@pytest.mark.parametrize(('n', 'level'), [(3, 0.05), (10, 0.05 / 144)])
def test_the_detectable_difference_is_shown_in_80_percent(n, level):
  found = power.detectable(2.0, n, 1 / n, level)
  critical = scipy_stats.t.isf(level / 2, n - 1)
  shown = scipy_stats.nct.sf(critical, n - 1, found / (2.0 / n**0.5))
  assert shown == pytest.approx(0.8)
  # Twice the variance of the mean for resplits: a wider difference.
  assert power.detectable(2.0, n, 2 / n, level) == pytest.approx(found * 2**0.5)
  assert np.isnan(power.detectable(2.0, 1, 1.0, level))


def test_the_fewest_seeds_that_show_a_difference():
  needed = power.seeds_needed(1.0, None, 0.05, 0.5)
  assert needed == 34  # as G*Power has it
  # Of overlapping resplits no number shows what lies below the floor.
  assert power.seeds_needed(1.0, 1 / 3, 0.05, 0.5) is None
  assert power.rows_needed(2.0, 1.0) == 4
