"""Metrics equal scikit-learn's; masked labels do not exist."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special
from sklearn import metrics as sk

from mtl_jax import tasks
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task

KINDS = {'binary': 1, 'multiclass': 4, 'regression': 1, 'count': 1}


def case(kind, seed, rows=40, outputs=None, share=0.6):
  """Random predictions, labels and a mask with `share` of them valid."""
  draw = np.random.default_rng(seed)
  predictions = draw.normal(size=(rows, outputs or KINDS[kind]))
  labels = {
    'binary': lambda: draw.integers(2, size=rows),
    # The last class is never a label.
    'multiclass': lambda: draw.integers(max(KINDS[kind] - 1, 1), size=rows),
    'regression': lambda: draw.normal(3, 2, size=rows),
    'count': lambda: draw.poisson(1.5, size=rows),
  }[kind]()
  mask = draw.random(rows) < share
  mask[:2] = True
  if kind == 'binary':
    labels[:2] = 0, 1
  return (
    jnp.array(predictions, jnp.float32),
    jnp.array(labels, jnp.int32 if kind == 'multiclass' else jnp.float32),
    jnp.array(mask),
  )


def _classes(p):
  return (p[:, 0] > 0).astype(int) if p.shape[1] == 1 else p.argmax(1)


def _probabilities(p):
  if p.shape[1] > 1:
    return special.softmax(p, axis=1)
  return special.expit(p[:, 0])


def _log_loss(y, p):
  labels = range(max(p.shape[1], 2))
  return sk.log_loss(y, _probabilities(p), labels=list(labels))


REFERENCES = {
  ('accuracy', None): lambda y, p: sk.accuracy_score(y, _classes(p)),
  ('macro_f1', None): lambda y, p: sk.f1_score(y, _classes(p), average='macro'),
  ('auc', None): lambda y, p: sk.roc_auc_score(y, p[:, 0]),
  ('log_loss', None): _log_loss,
  ('rmse', 'regression'): lambda y, p: sk.root_mean_squared_error(y, p[:, 0]),
  ('mae', 'regression'): lambda y, p: sk.mean_absolute_error(y, p[:, 0]),
  ('r2', 'regression'): lambda y, p: sk.r2_score(y, p[:, 0]),
  ('poisson_deviance', 'count'): lambda y, p: sk.mean_poisson_deviance(
    y, np.exp(p[:, 0])
  ),
  ('rmse', 'count'): lambda y, p: sk.root_mean_squared_error(
    y, np.exp(p[:, 0])
  ),
  ('mae', 'count'): lambda y, p: sk.mean_absolute_error(y, np.exp(p[:, 0])),
}

METRICS = [
  (kind, name)
  for kind, outputs in KINDS.items()
  for name in Task('t', kind, outputs).metrics
]


def reference(kind, name, predictions, labels, mask):
  compute = REFERENCES.get((name, kind)) or REFERENCES[name, None]
  valid = np.asarray(mask)
  p = np.asarray(predictions, np.float64)[valid]
  return compute(np.asarray(labels, np.float64)[valid], p)


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize(('kind', 'name'), METRICS)
def test_metric_equals_scikit_learn(kind, name, seed):
  predictions, labels, mask = case(kind, seed)
  value = Task('t', kind).metrics[name].compute(predictions, labels, mask)
  expected = reference(kind, name, predictions, labels, mask)
  np.testing.assert_allclose(value, expected, rtol=2e-5)


@pytest.mark.parametrize('seed', range(5))
def test_auc_counts_ties_half(seed):
  predictions, labels, mask = case('binary', seed)
  coarse = jnp.round(predictions)
  value = tasks.auc(coarse, labels, mask)
  expected = reference('binary', 'auc', coarse, labels, mask)
  np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_auc_of_infinite_scores():
  scores = jnp.array([[jnp.inf], [jnp.inf], [-jnp.inf], [0.0]])
  labels, mask = jnp.array([1.0, 0.0, 0.0, 1.0]), jnp.ones(4, bool)
  # Pairs (1, 0): inf = inf, inf > -inf, 0 < inf, 0 > -inf.
  np.testing.assert_allclose(tasks.auc(scores, labels, mask), 2.5 / 4)


def test_auc_of_one_class_is_nan():
  predictions, labels, mask = case('binary', 0)
  assert jnp.isnan(tasks.auc(predictions, jnp.ones_like(labels), mask))


@pytest.mark.parametrize('absent', ['labels', 'predictions', 'both'])
def test_macro_f1_without_some_classes(absent):
  predictions, labels, mask = case('multiclass', 3)
  if absent in ('labels', 'both'):
    labels = jnp.where(labels == 1, 0, labels)
  if absent in ('predictions', 'both'):
    predictions = predictions.at[:, 1].set(-100)
  value = tasks.macro_f1(predictions, labels, mask)
  expected = reference('multiclass', 'macro_f1', predictions, labels, mask)
  np.testing.assert_allclose(value, expected, rtol=1e-6)


@pytest.mark.parametrize('kind', KINDS)
def test_masked_label_changes_nothing(kind):
  task = Task('t', kind, KINDS[kind])
  predictions, labels, mask = case(kind, 4)
  missing = -1 if kind == 'multiclass' else jnp.nan
  other = jnp.where(mask, labels, jnp.array(missing, labels.dtype))
  rows = np.flatnonzero(mask)
  left = predictions[rows], labels[rows], mask[rows]
  for compute in [m.compute for m in task.metrics.values()] + [task.loss]:
    value = compute(predictions, labels, mask)
    np.testing.assert_array_equal(value, compute(predictions, other, mask))
    np.testing.assert_allclose(value, compute(*left), rtol=1e-5)


@pytest.mark.parametrize('kind', KINDS)
def test_masked_label_has_no_gradient(kind):
  task = Task('t', kind, KINDS[kind])
  predictions, labels, mask = case(kind, 5)
  missing = -1 if kind == 'multiclass' else jnp.nan
  other = jnp.where(mask, labels, jnp.array(missing, labels.dtype))
  slope = jax.grad(task.loss)(predictions, labels, mask)
  np.testing.assert_array_equal(
    slope, jax.grad(task.loss)(predictions, other, mask)
  )
  assert not slope[~mask].any()
  assert (slope[mask] != 0).any(axis=1).all()


@pytest.mark.parametrize('kind', KINDS)
def test_no_valid_label_is_loss_zero(kind):
  task = Task('t', kind, KINDS[kind])
  predictions, labels, mask = case(kind, 6)
  value, slope = jax.value_and_grad(task.loss)(
    predictions, labels, jnp.zeros_like(mask)
  )
  assert value == 0
  assert not slope.any()


@pytest.mark.parametrize('kind', ['binary', 'regression', 'count'])
def test_labels_of_two_axes_raise(kind):
  predictions, labels, mask = case(kind, 7)
  with pytest.raises(Exception, match='(?i)rank|shape|type'):
    Task('t', kind).loss(predictions, labels[:, None], mask)


@pytest.mark.parametrize(('kind', 'name'), METRICS)
def test_better_predictions_score_better(kind, name):
  """`higher_is_better` says where the truth stands."""
  _, labels, mask = case(kind, 8)
  bad, _, _ = case(kind, 9)
  task = Task('t', kind, KINDS[kind])
  good = {
    'binary': lambda: 20 * labels[:, None] - 10,
    'multiclass': lambda: 10 * jax.nn.one_hot(labels, KINDS[kind]),
    'regression': lambda: labels[:, None],
    'count': lambda: jnp.log(jnp.maximum(labels, 1e-6))[:, None],
  }[kind]()
  metric = task.metrics[name]
  gain = metric.compute(good, labels, mask) - metric.compute(bad, labels, mask)
  assert (gain > 0) == metric.higher_is_better


@pytest.mark.parametrize('kind', KINDS)
def test_loss_is_lowest_at_the_metric_optimum(kind):
  """The gradient of each loss pulls a prediction to the label."""
  task = Task('t', kind, KINDS[kind])
  predictions, labels, mask = case(kind, 10)
  loss = jax.jit(jax.value_and_grad(task.loss))
  before, _ = loss(predictions, labels, mask)
  for _ in range(20):
    value, slope = loss(predictions, labels, mask)
    predictions = predictions - 0.5 * slope
  assert value < before


def test_check_names_the_nearest_kind():
  with pytest.raises(InputError, match="did you mean 'binary'"):
    tasks.check((Task('a', 'binry'),))


def test_check_refuses_a_repeated_name():
  with pytest.raises(InputError, match='share a name'):
    tasks.check((Task('a', 'binary'), Task('a', 'count')))


def test_auc_does_not_overflow_on_many_pairs():
  draw = np.random.default_rng(0)
  labels = draw.integers(2, size=100_000).astype(np.float32)
  scores = (labels + 2 * draw.normal(size=labels.size)).astype(np.float32)
  valid = jnp.ones(labels.size, bool)
  found = tasks.auc(jnp.array(scores)[:, None], jnp.array(labels), valid)
  expected = sk.roc_auc_score(labels, scores)
  np.testing.assert_allclose(found, expected, atol=1e-4)
