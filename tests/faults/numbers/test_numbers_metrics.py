"""Metrics at the ends of what predictions and labels can be."""

import numpy as np
import pytest
from scipy import special
from sklearn import metrics as sk

from mtl_jax.tasks import Task, constants, scores
from tests.faults.numbers import reference
from tests.tasks import test_metrics
from tests.tasks.cases import METRICS, TASKS, case

# Of predictions of a class that no label has, or of one class alone.
pytestmark = pytest.mark.filterwarnings('ignore')

SCALES = (0.0, 1e-30, 1e-15, 60.0, 6e4, 1e30)
WEIGHTS = {
  'plain': lambda mask: mask,
  'small': lambda mask: np.float32(1e-30 * np.arange(mask.size) * mask),
  'large': lambda mask: np.float32(1e30 * np.arange(mask.size) * mask),
}
LIKELIHOODS = {'log_loss': 1, 'poisson_deviance': 2}  # times half a deviance
KINDS = dict.fromkeys(kind for kind, _ in METRICS)


def expected(kind, name, predictions, labels, weights):
  """By scikit-learn, or by the likelihood, of which it clips chances of 0."""
  if name == 'concordance':
    rows = np.flatnonzero(weights)
    hazards = predictions[rows].astype(float)
    survival = np.exp(np.cumsum(-np.logaddexp(0, hazards), axis=1))
    return test_metrics.brute_force(
      -survival.sum(1), labels[rows, 0].astype(float), labels[rows, 1],
      weights[rows].astype(float),
    )  # fmt: skip
  if name in LIKELIHOODS:
    own = TASKS[kind].kind
    mean, _ = reference.mean(own, predictions, labels, weights)
    return LIKELIHOODS[name] * mean
  if kind == 'multiclass':
    # Classes are equally likely where logits differ by less than rounding.
    wide = predictions.astype(float)
    predictions = wide - special.logsumexp(wide, axis=1, keepdims=True)
  return test_metrics.reference(kind, name, predictions, labels, weights)


def kappa(y, guess, weights):
  """From all pairs; scikit-learn numbers only the classes that occur."""
  chance = np.average(
    np.average(np.square(guess[:, None] - y[None]), axis=1, weights=weights),
    weights=weights,
  )
  return 1 - np.average(np.square(guess - y), weights=weights) / chance


@pytest.mark.parametrize('kind', KINDS)
def test_metrics_of_any_predictions_are_those_of_float64(kind):
  drawn, labels, mask = case(kind, 2)
  # Rates are exponentials: 1e30 is none that float64 can hold.
  scales = [s for s in SCALES if kind != 'count' or s <= 60]
  for scale in scales:
    predictions = np.float32(scale * drawn)
    for what, weigh in WEIGHTS.items():
      weights = weigh(mask)
      found = scores.of_run(TASKS[kind], predictions, labels, weights)
      for name, value in found.items():
        wanted = expected(kind, name, predictions, labels, weights)
        assert value == pytest.approx(wanted, rel=1e-9, abs=1e-12), (
          name, scale, what,
        )  # fmt: skip


@pytest.mark.parametrize('kind', KINDS)
def test_without_a_label_no_metric_has_a_value(kind):
  predictions, labels, mask = case(kind, 2)
  found = scores.of_run(TASKS[kind], predictions, labels, 0 * mask)
  assert np.isnan(list(found.values())).all()


# What needs two classes, a spread or a pair of rows.
OF_MANY = ('auc', 'average_precision', 'concordance', 'quadratic_kappa', 'r2')


@pytest.mark.parametrize('kind', KINDS)
def test_one_labelled_row_has_the_metrics_that_it_can_have(kind):
  predictions, labels, mask = case(kind, 2)
  one = mask & (np.arange(mask.size) == 0)  # negative, where that is a class
  for name, value in scores.of_run(
    TASKS[kind], predictions, labels, one
  ).items():
    if name not in OF_MANY:
      wanted = expected(kind, name, predictions, labels, one)
      assert value == pytest.approx(wanted, rel=1e-9), name
    elif name == 'quadratic_kappa':
      assert value in (0, 1) or np.isnan(value)
    else:
      assert not np.isfinite(value), name


@pytest.mark.parametrize('kind', KINDS)
def test_constant_predictions_rank_nothing(kind):
  predictions, labels, mask = case(kind, 2)
  constant = np.broadcast_to(predictions[:1], predictions.shape)
  found = scores.of_run(TASKS[kind], constant, labels, mask)
  for name, value in found.items():
    wanted = expected(kind, name, constant, labels, mask)
    assert value == pytest.approx(wanted, rel=1e-9, abs=1e-12), name
  for name in ('auc', 'concordance'):
    assert found.get(name, 0.5) == 0.5
  assert found.get('quadratic_kappa', 0) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize('value', [0.0, 0.1, 7.3, 1e5 + 0.1])
def test_equal_labels_have_no_r2_and_no_unit(value):
  """A mean that is rounded would make their variance 1e-32 instead of 0."""
  labels, task = np.full(7, value, np.float32), TASKS['regression']
  weights = np.random.default_rng(0).random(7)
  outputs = labels[:, None] + np.float32(np.arange(7))[:, None]
  found = scores.of_run(task, outputs, labels, weights)
  assert not np.isfinite(found['r2'])
  assert found['rmse'] > 0
  assert constants.metric_scale(task, labels, np.ones(7, bool)) == 1


@pytest.mark.parametrize('kind', ['multiclass', 'ordinal'])
def test_ten_thousand_classes(kind):
  many, rows = 10_000, 60
  task, draw = Task('t', kind, many), np.random.default_rng(0)
  labels = draw.integers(many, size=rows).astype(np.int32)
  outputs = np.full((rows, task.num_outputs), -3, np.float32)
  weights = draw.integers(0, 3, rows).astype(np.float32)
  if kind == 'multiclass':
    near = np.minimum(labels + draw.integers(3, size=rows), many - 1)
    outputs[np.arange(rows), near] = 60
  else:
    # The class in which the ascending logits, by .05 each, pass 0.
    outputs[:, 0] = -draw.uniform(0, 400, rows)
    near = test_metrics.ordinal.log_probabilities(outputs.astype(float))
    near = near.argmax(1)
    labels = np.int32(np.clip(near + draw.integers(-2, 3, rows), 0, many - 1))
  found = scores.of_run(task, outputs, labels, weights)
  kept = weights > 0
  y, guess, w = labels[kept], near[kept], weights[kept]
  accuracy = sk.accuracy_score(y, guess, sample_weight=w)
  assert found['accuracy'] == pytest.approx(accuracy, rel=1e-9)
  likelihood, _ = reference.mean(kind, outputs, labels, weights)
  assert found['log_loss'] == pytest.approx(likelihood, rel=1e-9)
  if kind == 'ordinal':
    wanted = kappa(y.astype(float), guess.astype(float), w)
    assert found['quadratic_kappa'] == pytest.approx(wanted, rel=1e-9)
  # The statistics that the device makes of large predictions, in float32.
  assert scores.summarised(task, rows)
  summary = task.made.summary(*map(_on_device, (outputs, labels, weights)))
  again = scores.of_run(task, summary, labels, weights, ready=True)
  assert again == pytest.approx(found, rel=1e-3, abs=1e-4)


def _on_device(x):
  import jax.numpy as jnp

  return jnp.asarray(x)
