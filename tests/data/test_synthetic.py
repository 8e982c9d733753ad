"""Synthetic tasks are related as they are said to be."""

import numpy as np
import pytest

from mtl_jax.data import synthetic
from mtl_jax.errors import InputError

SMALL = {'rows': (4000, 50, 60), 'inputs': 20}


def weights(family, seed=0, tasks=4, related=0.5, rank=2, groups=2):
  draw = np.random.default_rng(seed)
  return synthetic.FAMILIES[family](draw, tasks, 20, related, rank, groups)


@pytest.mark.parametrize(
  'family', ['cosine', 'low_rank', 'conflict', 'clusters']
)
def test_every_task_wants_a_vector_of_one_length(family):
  norms = np.linalg.norm(weights(family), axis=1)
  np.testing.assert_allclose(norms, 1, rtol=1e-6)


@pytest.mark.parametrize('related', [-0.3, 0.0, 0.5, 1.0])
def test_cosines_are_the_stated_ones(related):
  found = weights('cosine', related=related)
  expected = np.full((4, 4), related)
  np.fill_diagonal(expected, 1)
  np.testing.assert_allclose(found @ found.T, expected, atol=1e-5)


def test_two_tasks_are_those_of_mmoe():
  """w1 = c u1, w2 = c (p u1 + sqrt(1 - p^2) u2)."""
  found = weights('cosine', tasks=2, related=0.8)
  u1, u2 = synthetic.orthonormal(np.random.default_rng(0), 2, 20)
  np.testing.assert_allclose(found[0], u1, atol=1e-6)
  np.testing.assert_allclose(found[1], 0.8 * u1 + 0.6 * u2, atol=1e-6)


def test_low_rank_tasks_share_a_subspace():
  found = weights('low_rank', tasks=6, related=1.0, rank=2)
  assert np.linalg.matrix_rank(found, tol=1e-6) == 2
  apart = weights('low_rank', tasks=6, related=0.0)
  np.testing.assert_allclose(apart @ apart.T, np.eye(6), atol=1e-6)
  half = weights('low_rank', tasks=6, related=0.5)
  assert np.linalg.matrix_rank(half, tol=1e-6) == 6


def test_a_share_of_the_inputs_is_in_conflict():
  found = weights('conflict', related=0.7)
  np.testing.assert_allclose(found[0], found[2])
  opposed = found[0] == -found[1]
  assert opposed.sum() == 6  # of 20
  np.testing.assert_allclose(found[0] @ found[1], 1 - 2 * 0.3, rtol=1e-6)


def test_clusters_are_related_inside_alone():
  found = weights('clusters', related=0.6)
  cosines = found @ found.T
  np.testing.assert_allclose(cosines[0, 2], 0.6, atol=1e-5)
  np.testing.assert_allclose(cosines[0, [1, 3]], 0, atol=1e-5)


def test_linear_labels_have_the_cosine_as_correlation():
  data = synthetic.load(0, related=0.5, waves=0, noise=(0.0,), **SMALL)
  y = np.stack(data.train.labels)
  np.testing.assert_allclose(np.corrcoef(y)[0, 1], 0.5, atol=0.05)
  np.testing.assert_allclose(y.std(1), 1, rtol=1e-5)


def test_labels_are_the_more_alike_the_higher_the_cosine():
  """Sines bend them, but what is wanted alike is alike without noise."""
  found = []
  for related in (0.0, 0.5, 0.9, 1.0):
    worlds = [
      synthetic.load(s, related=related, noise=(0.0,), **SMALL)
      for s in range(12)
    ]
    pairs = [np.corrcoef(np.stack(d.train.labels))[0, 1] for d in worlds]
    found.append(np.mean(pairs))
  assert np.all(np.diff(found) > 0.03)
  np.testing.assert_allclose(found[0], 0, atol=0.05)
  np.testing.assert_allclose(found[3], 1, atol=1e-6)


def test_knobs_are_per_task():
  data = synthetic.load(
    1, tasks=3, known=(1.0, 0.5, 0.1), noise=(0.0, 0.0, 5.0), waves=0, **SMALL
  )
  shares = data.train.mask.mean(0)
  np.testing.assert_allclose(shares, [1, 0.5, 0.1], atol=0.03)
  assert data.test.mask.all()
  x = np.c_[data.train.inputs, np.ones(4000)]
  left = [
    np.linalg.lstsq(x, y, rcond=None)[1][0] / len(y) for y in data.train.labels
  ]
  assert left[0] < 1e-6
  assert left[2] > 0.9  # noise of 5 over a signal of .3


def test_a_seed_is_a_world():
  one, same, other = (synthetic.load(s, **SMALL) for s in (3, 3, 4))
  np.testing.assert_array_equal(one.train.inputs, same.train.inputs)
  np.testing.assert_array_equal(one.test.labels[1], same.test.labels[1])
  assert not np.allclose(one.train.inputs, other.train.inputs)


@pytest.mark.parametrize(
  ('fields', 'text'),
  [
    ({'family': 'cosines'}, "did you mean 'cosine'"),
    ({'related': -0.9, 'tasks': 4}, 'cannot all have cosine -0.9'),
    ({'tasks': 30}, '30 orthogonal directions need'),
    ({'noise': (0.1, 0.2, 0.3)}, 'noise has 3 numbers for 2 tasks'),
  ],
)
def test_what_cannot_be_is_said(fields, text):
  with pytest.raises(InputError, match=text):
    synthetic.load(0, **{**SMALL, **fields})
