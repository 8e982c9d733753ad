"""The loop by hand weighs gradients as the papers say."""

import numpy as np

from benchmarks.speed.peers import weights as peer_weights


def gram(seed, tasks=5, size=9):
  grads = np.random.default_rng(seed).normal(size=(tasks, size))
  return grads @ grads.T


def test_gradients_in_no_conflict_keep_their_sum():
  np.testing.assert_allclose(peer_weights.pcgrad(np.eye(3) + 0.5), np.ones(3))


def test_two_opposed_gradients_are_projected_onto_each_other():
  # g1 = (1, 0), g2 = (-1, 1): g1 becomes (.5, .5), g2 becomes (0, 1).
  weights = peer_weights.pcgrad(np.array([[1.0, -1.0], [-1.0, 2.0]]))
  np.testing.assert_allclose(weights, [2.0, 1.5])


def test_the_shortest_combination_of_two_is_the_closed_form():
  g = gram(0, tasks=2)
  first = (g[1, 1] - g[0, 1]) / (g[0, 0] + g[1, 1] - 2 * g[0, 1])
  expected = np.clip([first, 1 - first], 0, 1)
  np.testing.assert_allclose(peer_weights.mgda(g), expected, atol=1e-6)


def test_no_task_is_worse_off_than_the_shortest_combination():
  for seed in range(5):
    g = gram(seed)
    weights = peer_weights.mgda(g)
    np.testing.assert_allclose(weights.sum(), 1)
    assert (g @ weights).min() >= 0.9999 * weights @ g @ weights
