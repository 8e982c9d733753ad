"""The best grouping by search against all that there are."""

import itertools

import numpy as np
import pytest

from mtl_jax.report.transfer import grouping


def subsets(size, largest=None):
  sizes = range(1, (largest or size) + 1)
  return [c for n in sizes for c in itertools.combinations(range(size), n)]


def drawn(size, seed, largest=None):
  draw = np.random.default_rng(seed)
  return {g: draw.normal(size=len(g)) for g in subsets(size, largest)}


def brute(gains, size, budget):
  """The best mean over tasks, over all choices of networks."""
  best = -np.inf
  for count in range(1, budget + 1):
    for chosen in itertools.combinations(gains, count):
      served = np.full(size, -np.inf)
      for group in chosen:
        np.maximum.at(served, list(group), gains[group])
      best = max(best, served.mean())
  return best


def partitions(tasks):
  if not tasks:
    yield []
    return
  for rest in partitions(tasks[1:]):
    yield [(tasks[0],), *rest]
    for i, block in enumerate(rest):
      yield [*rest[:i], (tasks[0], *block), *rest[i + 1 :]]


@pytest.mark.parametrize(('size', 'budgets'), [(3, 3), (4, 4), (5, 3)])
@pytest.mark.parametrize('seed', range(4))
def test_no_choice_of_networks_is_better(size, budgets, seed):
  gains = drawn(size, seed)
  for budget in range(1, budgets + 1):
    found = grouping.best(gains, size, budget)
    assert found.score == pytest.approx(brute(gains, size, budget))
    assert len(found.networks) <= budget
    served = [task for _, serves in found.networks for task in serves]
    assert sorted(served) == list(range(size))
    assert found.score == pytest.approx(grouping.realised(found, gains).mean())


def test_with_pairs_alone_too_few_networks_reach_not_all_tasks():
  gains = drawn(5, 0, largest=2)
  assert grouping.best(gains, 5, 2) is None
  for budget in (3, 4):
    found = grouping.best(gains, 5, budget)
    assert found.score == pytest.approx(brute(gains, 5, budget))


def test_a_network_may_be_trained_on_a_task_that_another_serves():
  # Task 1 helps task 0 and suffers from it.
  one = np.zeros(1)
  gains = {(0,): one, (1,): one, (0, 1): np.array([5, -5])}
  found = grouping.best(gains, 2, 2)
  assert set(found.networks) == {((0, 1), (0,)), ((1,), (1,))}
  assert grouping.best(gains, 2, 1).networks == (((0, 1), (0, 1)),)


def test_of_equal_groupings_the_one_with_fewer_networks():
  gains = {group: np.zeros(len(group)) for group in subsets(4)}
  assert len(grouping.best(gains, 4, 4).networks) == 1


def test_at_random_is_the_mean_over_partitions():
  gains = drawn(5, 1, largest=3)
  totals = {group: values.sum() for group, values in gains.items()}
  for networks in range(1, 6):
    every = [
      np.mean([sum(totals[tuple(sorted(b))] for b in p)]) / 5
      for p in partitions(tuple(range(5)))
      if len(p) == networks and all(len(b) <= 3 for b in p)
    ]
    found = grouping.at_random(gains, 5, networks)
    assert found == (pytest.approx(np.mean(every)) if every else None)
  assert grouping.at_random(gains, 5, 1) is None


def test_a_prediction_is_the_mean_of_what_comes_in():
  affinity = np.array([[9, 1, 2], [3, 9, 4], [5, 6, 9]])  # i -> j
  found = grouping.predicted(affinity, subsets(3))
  np.testing.assert_array_equal(found[0, 1], [3, 1])
  np.testing.assert_array_equal(found[0, 1, 2], [4, 3.5, 3])
  np.testing.assert_array_equal(found[1,], [0])


def test_ten_tasks_are_searched_whole():
  """Additive gains: of each task the sum of what its partners do for it."""
  block = np.arange(10) % 3
  affinity = np.where(block[:, None] == block[None], 1.0, -1.0)
  gains = grouping.predicted(affinity, subsets(10))
  found = grouping.best(gains, 10, 3)
  assert found.score == 1
  served = {serves for _, serves in found.networks}
  assert served == {(0, 3, 6, 9), (1, 4, 7), (2, 5, 8)}
