"""Losses of every kind of task at the ends of float32, against float64."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.tasks import Task
from tests import small
from tests.faults.numbers import reference

quick = small.quick

ROWS, MANY = 6, 10_000
MOST = np.finfo(np.float32).max
TASKS = {
  'binary': Task('t', 'binary'),
  'multiclass': Task('t', 'multiclass', 4),
  'many classes': Task('t', 'multiclass', MANY),
  'regression': Task('t', 'regression'),
  'several': Task('t', 'regression', 3),
  'count': Task('t', 'count'),
  'ordinal': Task('t', 'ordinal', 4),
  'many levels': Task('t', 'ordinal', MANY),
  'survival': Task('t', 'survival', edges=reference.EDGES),
}
# Of predictions. Squares of 1e15 are losses of 1e30; 6e4 is near the largest
# number of float16.
SCALES = (0.0, 1e-30, 1e-15, 1.0, 60.0, 6e4, 1e15)
WEIGHTS = {
  'all': np.ones(ROWS),
  'none': np.zeros(ROWS),
  'one row': np.eye(ROWS)[2],
  'small': 1e-6 * np.arange(ROWS),
  'large': 1e6 * np.arange(ROWS),
}
CASES = [(scale, name) for scale in SCALES for name in WEIGHTS]


def labels(task):
  draw = np.random.default_rng(1)
  classes = dict(task.fields).get('num_classes')
  if classes:
    # The first, the last and neighbours, of which one is never predicted.
    return np.int32([0, classes - 1, 1, classes - 2, 0, classes // 2])
  if task.kind == 'survival':
    times = np.array([0.1, 0.5, 1.7, 9.0, 0.0, 0.7])
    return np.stack([times, np.arange(ROWS) % 2], 1).astype(np.float32)
  if task.kind == 'regression':
    shape = (ROWS, task.num_outputs) if task.num_outputs > 1 else (ROWS,)
    return draw.normal(size=shape).astype(np.float32)
  return np.float32(np.arange(ROWS) % 2 * (1 if task.kind == 'binary' else 3))


def predictions(task, scale):
  """Alternating signs: classes of probability 0 among the labels."""
  signs = (-1.0) ** np.arange(ROWS * task.num_outputs)
  drawn = np.random.default_rng(0).uniform(0.5, 1, (ROWS, task.num_outputs))
  return np.float32(scale * drawn * signs.reshape(drawn.shape))


@functools.cache
def found(name):
  """Losses and gradients of all cases; a program per kind."""
  task = TASKS[name]
  rows = np.stack([predictions(task, scale) for scale, _ in CASES])
  weights = np.float32(np.stack([WEIGHTS[w] for _, w in CASES]))

  def loss(p, w):
    return task.loss(p, jnp.array(labels(task)), w > 0, w)

  both = jax.jit(jax.vmap(jax.value_and_grad(loss)))(rows, weights)
  return rows, weights, *map(np.asarray, both)


@pytest.mark.parametrize('name', TASKS)
def test_losses_and_gradients_are_those_of_float64(name):
  task, (rows, weights, values, slopes) = TASKS[name], found(name)
  own = labels(task)
  # Sums of thousands of gaps between logits are less exact.
  close = 1e-3 if name == 'many levels' else 1e-5
  for i, case in enumerate(CASES):
    with np.errstate(over='ignore'):
      value, slope = reference.mean(task.kind, rows[i], own, weights[i])
    if not value < MOST:
      assert values[i] == np.inf, case  # The run ends, and says so.
      continue
    assert np.isfinite(slopes[i]).all(), case
    np.testing.assert_allclose(
      values[i], value, rtol=close, atol=1e-6, err_msg=str(case)
    )
    largest = np.abs(slope).max()
    np.testing.assert_allclose(
      slopes[i], slope, rtol=10 * close, atol=close * max(largest, 1e-30),
      err_msg=str(case),
    )  # fmt: skip


@pytest.mark.parametrize('name', TASKS)
def test_a_row_without_a_label_may_predict_anything_finite(name):
  """Also what float32 cannot hold once it is squared or exponentiated."""
  task = TASKS[name]
  rows, mask = predictions(task, 1.0), np.arange(ROWS) != 2
  loss = jax.jit(jax.value_and_grad(task.loss))
  # Copies: JAX may still read an array that it was given.
  plain, slope = loss(rows.copy(), labels(task), mask)
  for size in (-1e30, 100.0, 1e30):
    rows[2] = size
    value, own = loss(rows.copy(), labels(task), mask)
    assert value == plain
    np.testing.assert_array_equal(own, slope)


def test_a_hundred_tasks_and_one_are_what_each_is_alone():
  """Tasks of one kind are computed together."""
  rows = np.stack([predictions(TASKS['binary'], 1 + t) for t in range(100)])
  own = labels(TASKS['binary'])
  mask = np.random.default_rng(0).random((100, ROWS)) < 0.5
  mask[7] = False
  loss = jax.jit(jax.vmap(TASKS['binary'].loss, (0, None, 0)))
  for count in (1, 100):
    values = loss(rows[:count], own, mask[:count])
    expected = [
      reference.mean('binary', p, own, m)[0]
      for p, m in zip(rows[:count], mask, strict=False)
    ]
    np.testing.assert_allclose(values, expected, rtol=1e-5)
