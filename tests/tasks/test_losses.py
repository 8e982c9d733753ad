"""Losses: never negative, right at known values, blind behind the mask."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from mtl_jax.tasks import Task, ordinal
from tests import small
from tests.tasks.cases import TASKS, case, hidden


def on_device(kind, seed):
  return tuple(map(jnp.asarray, case(kind, seed)))


@pytest.mark.parametrize('kind', TASKS)
def test_masked_label_reaches_neither_value_nor_gradient(kind):
  predictions, labels, mask = on_device(kind, 5)
  other = jnp.asarray(hidden(kind, *case(kind, 5)[1:]))
  loss = jax.value_and_grad(TASKS[kind].loss)
  value, slope = loss(predictions, labels, mask)
  blind, its_slope = loss(predictions, other, mask)
  assert value == blind
  np.testing.assert_array_equal(slope, its_slope)
  assert not slope[~mask].any()
  assert (slope[mask] != 0).any(axis=1).all()
  rows = np.flatnonzero(mask)
  alone = TASKS[kind].loss(predictions[rows], labels[rows], mask[rows])
  np.testing.assert_allclose(value, alone, rtol=1e-5)


@pytest.mark.parametrize('kind', TASKS)
def test_no_valid_label_is_loss_zero(kind):
  predictions, labels, mask = on_device(kind, 6)
  value, slope = jax.value_and_grad(TASKS[kind].loss)(
    predictions, labels, jnp.zeros_like(mask)
  )
  assert value == 0
  assert not slope.any()


@pytest.mark.parametrize('kind', TASKS)
def test_weights_are_repeated_rows(kind):
  predictions, labels, mask = on_device(kind, 8)
  loss = jax.value_and_grad(TASKS[kind].loss)
  plain = loss(predictions, labels, mask)
  small.same(loss(predictions, labels, mask, jnp.ones(len(mask))), plain)
  times = np.arange(len(mask)) % 3
  value, slope = loss(predictions, labels, mask, jnp.float32(times))
  again = np.repeat(np.arange(len(mask)), times)
  repeated, slopes = loss(predictions[again], labels[again], mask[again])
  np.testing.assert_allclose(value, repeated, rtol=1e-5)
  summed = np.zeros_like(slope)
  np.add.at(summed, again, slopes)
  np.testing.assert_allclose(slope, summed, rtol=1e-4, atol=1e-7)


def test_a_label_of_weight_0_is_masked_whatever_its_loss():
  predictions, labels, mask = on_device('count', 8)
  weights = jnp.ones(len(mask)).at[0].set(0)
  loss = jax.value_and_grad(TASKS['count'].loss)
  huge = predictions.at[0].set(1e3)  # an infinite rate
  value, slope = loss(huge, labels, mask, weights)
  small.same((value, slope), loss(huge, labels, mask.at[0].set(False)))
  assert jnp.isfinite(value)
  value, slope = loss(predictions, labels, mask, 0 * weights)
  assert value == 0
  assert not slope.any()


@pytest.mark.parametrize('kind', TASKS)
def test_loss_is_finite_and_never_negative(kind):
  """At predictions of any size, and with a finite gradient."""
  predictions, labels, mask = on_device(kind, 7)

  def rows(p):
    return TASKS[kind].made.loss(p, labels)

  for scale in (0.0, 1e-4, 1.0, 30.0):
    values, pullback = jax.vjp(rows, scale * predictions)
    slope = pullback(jnp.ones_like(values))[0]
    assert (values >= 0).all()
    assert jnp.isfinite(values).all()
    assert jnp.isfinite(slope).all()


@pytest.mark.parametrize('kind', TASKS)
def test_loss_falls_along_its_gradient(kind):
  task = TASKS[kind]
  predictions, labels, mask = on_device(kind, 10)
  loss = jax.jit(jax.value_and_grad(task.loss))
  before, _ = loss(predictions, labels, mask)
  for _ in range(20):
    value, slope = loss(predictions, labels, mask)
    predictions = predictions - 0.5 * slope
  assert value < before


@pytest.mark.parametrize('kind', ['binary', 'regression', 'count'])
def test_labels_of_two_axes_raise(kind):
  predictions, labels, mask = on_device(kind, 7)
  with pytest.raises(Exception, match='(?i)rank|shape|type'):
    TASKS[kind].loss(predictions, labels[:, None], mask)


def test_two_outputs_do_not_read_one_label():
  with pytest.raises(ValueError, match='2 outputs'):
    Task('t', 'regression', 2).made.loss(jnp.ones((3, 2)), jnp.ones(3))


def test_several_numbers_are_the_mean_of_one_task_each():
  predictions, labels, mask = on_device('several', 2)
  each = [
    TASKS['regression'].loss(predictions[:, i : i + 1], labels[:, i], mask)
    for i in range(3)
  ]
  found = TASKS['several'].loss(predictions, labels, mask)
  np.testing.assert_allclose(found, np.mean(each), rtol=1e-6)


@pytest.mark.parametrize('y', [0.0, 1.0, 3.0, 1000.0])
def test_count_loss_is_the_likelihood_less_that_of_the_label(y):
  rates = np.array([0.01, 0.9, 1.0, 3.0, 1000.0, 2000.0])
  logs = jnp.log(jnp.asarray(rates, jnp.float32))[:, None]
  found = TASKS['count'].made.loss(logs, jnp.full(6, y))
  expected = stats.poisson.logpmf(y, y) - stats.poisson.logpmf(y, rates)
  np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
  assert (found >= 0).all()


def test_ordinal_chances_are_differences_of_the_sigmoid():
  outputs = np.random.default_rng(0).normal(size=(20, 4))
  gaps = np.log1p(np.exp(outputs[:, 1:]))
  logits = np.cumsum(np.concatenate([outputs[:, :1], gaps], 1), 1)
  assert (np.diff(logits, axis=1) > 0).all()
  ends = np.zeros((20, 1)), np.ones((20, 1))
  below = np.concatenate([ends[0], special.expit(logits), ends[1]], 1)
  expected = np.diff(below, axis=1)
  np.testing.assert_allclose(expected.sum(1), 1)
  np.testing.assert_allclose(
    np.exp(ordinal.log_probabilities(outputs)), expected
  )
  found = ordinal.log_probabilities(jnp.asarray(outputs, jnp.float32))
  np.testing.assert_allclose(np.exp(found), expected, rtol=1e-4)


def test_two_ordered_classes_are_a_binary_task():
  predictions, labels, mask = on_device('binary', 3)
  found = Task('t', 'ordinal', 2).loss(-predictions, labels, mask)
  expected = TASKS['binary'].loss(predictions, labels, mask)
  np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_survival_loss_is_that_of_its_intervals():
  """Edges 0.5, 1, 2; what happened is written out row by row."""
  hazards = special.expit([[0.3, -0.2, 0.1, 0.7]] * 4)
  labels = jnp.array([[0.2, 1.0], [1.0, 1.0], [1.5, 0.0], [9.0, 1.0]])
  h = hazards[0]
  s = 1 - h
  expected = [h[0], s[0] * s[1] * h[2], s[0] * s[1], s[0] * s[1] * s[2] * h[3]]
  logits = jnp.asarray(special.logit(hazards), jnp.float32)
  found = TASKS['survival'].made.loss(logits, labels)
  np.testing.assert_allclose(np.exp(-found), expected, rtol=1e-5)
