"""Metrics equal scikit-learn's, with ties, masks and weights."""

import numpy as np
import pytest
from scipy import special
from sklearn import metrics as sk

from mtl_jax.tasks import Task, classes, ordinal, ranks, scores
from tests.tasks.cases import METRICS, TASKS, case, hidden


def decided(p):
  return (p[:, 0] > 0).astype(int) if p.shape[1] == 1 else p.argmax(1)


def chances(p):
  return (
    special.softmax(p, axis=1) if p.shape[1] > 1 else special.expit(p[:, 0])
  )


def log_loss(y, p, w):
  labels = list(range(max(p.shape[1], 2)))
  return sk.log_loss(y, chances(p), labels=labels, sample_weight=w)


def brier(y, p, w):
  own = np.eye(p.shape[1])[y.astype(int)]
  return np.average(np.square(chances(p) - own).sum(1), weights=w)


def by_class(metric, **options):
  return lambda y, p, w: metric(y, decided(p), sample_weight=w, **options)


def by_number(metric):
  return lambda y, p, w: metric(y, p.reshape(y.shape), sample_weight=w)


def by_rate(metric):
  return lambda y, p, w: metric(y, np.exp(p[:, 0]), sample_weight=w)


REFERENCES = {
  'accuracy': by_class(sk.accuracy_score),
  'macro_f1': by_class(sk.f1_score, average='macro'),
  'balanced_accuracy': by_class(sk.balanced_accuracy_score),
  'auc': lambda y, p, w: sk.roc_auc_score(y, p[:, 0], sample_weight=w),
  'average_precision': lambda y, p, w: sk.average_precision_score(
    y, p[:, 0], sample_weight=w
  ),
  'log_loss': log_loss,
  ('brier', 'binary'): lambda y, p, w: sk.brier_score_loss(
    y, chances(p), sample_weight=w
  ),
  'brier': brier,
  'rmse': lambda y, p, w: (
    sk.mean_squared_error(y, p.reshape(y.shape), sample_weight=w) ** 0.5
  ),
  'mae': by_number(sk.mean_absolute_error),
  'r2': by_number(sk.r2_score),
  'poisson_deviance': by_rate(sk.mean_poisson_deviance),
  ('rmse', 'count'): lambda y, p, w: (
    sk.mean_squared_error(y, np.exp(p[:, 0]), sample_weight=w) ** 0.5
  ),
  ('mae', 'count'): by_rate(sk.mean_absolute_error),
  ('mae', 'ordinal'): by_class(sk.mean_absolute_error),
  'quadratic_kappa': by_class(sk.cohen_kappa_score, weights='quadratic'),
}


def reference(kind, name, predictions, labels, weights):
  compute = REFERENCES.get((name, kind)) or REFERENCES[name]
  kept = weights > 0
  p, y = predictions[kept].astype(float), labels[kept].astype(float)
  if kind == 'ordinal':  # Their probabilities have a test of their own.
    p = ordinal.log_probabilities(p)
  return compute(y, p, weights[kept].astype(float))


def measured(task, name, *arguments):
  return scores.of_run(task, *arguments)[name]


# Of predictions of a class that no label has.
pytestmark = pytest.mark.filterwarnings('ignore:y_pred contains classes')

COMPARED = [(k, m) for k, m in METRICS if k != 'survival']


@pytest.mark.parametrize('weighted', [False, True])
@pytest.mark.parametrize(('kind', 'name'), COMPARED)
def test_metric_equals_scikit_learn(kind, name, weighted):
  for seed in range(3):
    predictions, labels, mask = case(kind, seed)
    draw = np.random.default_rng(seed)
    weights = mask * draw.integers(1, 4, mask.size) if weighted else mask
    value = measured(TASKS[kind], name, predictions, labels, weights)
    expected = reference(kind, name, predictions, labels, weights)
    assert value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(('kind', 'name'), METRICS)
def test_a_whole_weight_is_as_many_rows(kind, name):
  predictions, labels, mask = case(kind, 1)
  weights = mask * np.random.default_rng(2).integers(1, 4, mask.size)
  rows = np.repeat(np.arange(mask.size), weights)
  if name == 'concordance':  # Copies of a row are pairs of their own.
    labels[:, 0] += np.linspace(0, 1e-3, len(labels))
    labels[:, 1] = 1
  value = measured(TASKS[kind], name, predictions, labels, weights)
  many = predictions[rows], labels[rows], np.ones(len(rows))
  assert value == pytest.approx(measured(TASKS[kind], name, *many), rel=1e-9)


@pytest.mark.parametrize('kind', TASKS)
def test_masked_label_changes_nothing(kind):
  predictions, labels, mask = case(kind, 4)
  other = hidden(kind, labels, mask)
  own = scores.of_run(TASKS[kind], predictions, labels, mask)
  assert own == scores.of_run(TASKS[kind], predictions, other, mask)


@pytest.mark.parametrize(('kind', 'name'), METRICS)
def test_better_predictions_score_better(kind, name):
  """`higher_is_better` says where the truth stands."""
  bad, labels, mask = case(kind, 8)
  y = labels[:, None] if labels.ndim == 1 else labels
  steps = 20.0 * (np.arange(3)[None] - y[:, :1]) + 10
  good = {
    'binary': lambda: 20 * y - 10,
    'multiclass': lambda: 10 * np.eye(4)[labels],
    'regression': lambda: y,
    'several': lambda: y,
    'count': lambda: np.log(np.maximum(y, 1e-6)),
    'ordinal': lambda: np.concatenate([steps[:, :1], np.full_like(y, 20) + 0.0,
                                       np.full_like(y, 20) + 0.0], 1),
    'survival': lambda: np.where(
      np.arange(4) == (y[:, :1] >= [[0.5, 1, 2]]).sum(1, keepdims=True), 9, -9
    ),
  }[kind]().astype(np.float32)  # fmt: skip
  task = TASKS[kind]
  gain = measured(task, name, good, labels, mask)
  gain -= measured(task, name, bad, labels, mask)
  assert (gain > 0) == task.metrics[name].higher_is_better


@pytest.mark.parametrize(('kind', 'name'), METRICS)
def test_chance_is_the_value_of_predictions_that_know_nothing(kind, name):
  chance = TASKS[kind].metrics[name].chance
  if chance is None:
    return
  draw = np.random.default_rng(0)
  predictions, labels, _ = case(kind, 3, rows=20_000)
  if kind in ('multiclass', 'ordinal'):
    labels = draw.integers(4, size=len(labels))
  if name == 'r2':
    predictions = np.zeros_like(predictions) + labels.mean(0)
  value = measured(TASKS[kind], name, predictions, labels, np.ones(len(labels)))
  assert value == pytest.approx(chance, abs=0.02)


# --- AUC


def test_auc_of_infinite_scores():
  values = np.array([np.inf, np.inf, -np.inf, 0.0])
  labels, weights = np.array([1.0, 0.0, 0.0, 1.0]), np.ones(4)
  # Pairs (1, 0): inf = inf, inf > -inf, 0 < inf, 0 > -inf.
  assert ranks.auc(values, labels, weights) == 2.5 / 4


def test_auc_of_one_class_is_nan():
  predictions, labels, mask = case('binary', 0)
  found = scores.of_run(TASKS['binary'], predictions, labels * 0 + 1, mask)
  assert np.isnan(found['auc'])
  assert found['accuracy'] > 0


def test_auc_does_not_overflow_on_many_pairs():
  draw = np.random.default_rng(0)
  labels = draw.integers(2, size=100_000)
  values = labels + 2 * draw.normal(size=labels.size)
  found = ranks.auc(values, labels, np.ones(labels.size))
  assert found == pytest.approx(sk.roc_auc_score(labels, values), abs=1e-9)


# --- Classes


@pytest.mark.parametrize('absent', ['labels', 'predictions', 'both'])
def test_macro_f1_without_some_classes(absent):
  predictions, labels, mask = case('multiclass', 3)
  if absent in ('labels', 'both'):
    labels = np.where(labels == 1, 0, labels)
  if absent in ('predictions', 'both'):
    predictions[:, 1] = -100
  value = measured(TASKS['multiclass'], 'macro_f1', predictions, labels, mask)
  expected = reference('multiclass', 'macro_f1', predictions, labels, mask)
  assert value == pytest.approx(expected, rel=1e-9)


def test_a_class_of_no_chance_has_an_infinite_log_loss_alone():
  logs = np.array([[0.0, -np.inf], [0.0, -np.inf]])
  found = classes.rows(logs, np.array([0, 1]))
  np.testing.assert_array_equal(found.log_likelihood, [0, -np.inf])
  np.testing.assert_array_equal(found.brier, [0, 2])
  np.testing.assert_array_equal(found.predicted, [0, 0])


# --- Concordance


def brute_force(risks, times, events, weights):
  total = right = 0.0
  for i in np.flatnonzero(events):
    for j in range(len(times)):
      later = times[j] > times[i] or (times[j] == times[i] and not events[j])
      if later:
        pair = weights[i] * weights[j]
        total += pair
        right += pair * ((risks[i] > risks[j]) + (risks[i] == risks[j]) / 2)
  return right / total


@pytest.mark.parametrize('rows', [2, 3, 7, 8, 33, 64, 100])
def test_concordance_counts_pairs(rows):
  for seed in range(5):
    draw = np.random.default_rng(seed)
    times = draw.integers(1, 9, rows) / 2
    risks = draw.normal(size=rows).round(1)
    events = draw.integers(2, size=rows)
    times[0], events[0], times[-1] = 0.1, 1, 9  # one pair at least
    weights = draw.integers(1, 4, rows).astype(float)
    found = ranks.concordance(risks, times, events, weights)
    expected = brute_force(risks, times, events, weights)
    assert found == pytest.approx(expected, rel=1e-12)


def test_concordance_without_a_pair_is_nan():
  with np.errstate(invalid='ignore'):
    one = ranks.concordance(*np.ones((3, 4)), np.ones(4))
    none = ranks.concordance(np.ones(4), np.ones(4), np.zeros(4), np.ones(4))
  assert np.isnan(one)
  assert np.isnan(none)


# --- Summaries


@pytest.mark.parametrize('kind', ['multiclass', 'ordinal'])
def test_a_summary_of_the_device_gives_the_same_metrics(kind):
  import jax.numpy as jnp

  predictions, labels, mask = case(kind, 5, rows=300)
  task = TASKS[kind]
  summary = task.made.summary(*map(jnp.asarray, (predictions, labels, mask)))
  assert sum(x.size for x in summary) == 3 * 300
  found = scores.of_run(task, summary, labels, mask, ready=True)
  expected = scores.of_run(task, predictions, labels, mask)
  assert found == pytest.approx(expected, rel=1e-5)


def test_large_predictions_of_many_classes_are_summarised():
  many = Task('t', 'multiclass', 1000)
  assert scores.summarised(many, 50_000)
  assert not scores.summarised(many, 50)
  assert not scores.summarised(TASKS['regression'], 10_000_000)
