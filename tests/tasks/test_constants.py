"""The loss of the best constant prediction, in closed form and found."""

import numpy as np
import pytest

from mtl_jax.errors import InputError
from mtl_jax.tasks import Kind, Metric, Task, constants, regression
from tests.tasks import cases


@pytest.mark.parametrize('kind', cases.TASKS)
def test_a_closed_form_is_the_smallest_loss_of_a_constant(kind):
  task = cases.TASKS[kind]
  _, labels, mask = cases.case(kind, seed=1, rows=300)
  known = labels[mask]
  found = constants.minimised(
    task.made.loss, task.num_outputs, known, np.ones(len(known), np.float32)
  )
  closed = constants.loss_scale(task, labels, mask)
  assert found == pytest.approx(closed, rel=2e-3)
  assert closed <= found * (1 + 1e-5)


@pytest.mark.parametrize('kind', cases.TASKS)
def test_weights_are_repeated_rows(kind):
  _, labels, _ = cases.case(kind, seed=2)
  times = np.arange(len(labels)) % 3
  constant = cases.TASKS[kind].made.constant
  repeated = np.repeat(labels, times, axis=0)
  assert constant(labels, times.astype(float)) == pytest.approx(
    constant(repeated, np.ones(len(repeated)))
  )


def test_what_is_hidden_does_not_count():
  for kind, task in cases.TASKS.items():
    _, labels, mask = cases.case(kind, seed=3)
    shown = constants.loss_scale(task, labels[mask], mask[mask])
    hidden = cases.hidden(kind, labels, mask)
    assert constants.loss_scale(task, hidden, mask) == shown


def test_a_squared_error_is_scaled_by_the_square_of_the_unit():
  _, labels, mask = cases.case('regression', seed=4)
  task = cases.TASKS['regression']
  before = constants.loss_scale(task, labels, mask)
  after = constants.loss_scale(task, 1000 * labels, mask)
  assert after == pytest.approx(1e6 * before, rel=1e-5)


def test_a_task_of_one_value_keeps_its_own_unit():
  mask = np.ones(5, bool)
  for kind in ('binary', 'regression', 'count', 'ordinal'):
    labels = np.full(5, 1, np.int32 if kind == 'ordinal' else np.float32)
    assert constants.loss_scale(cases.TASKS[kind], labels, mask) == 1
  ends = np.tile(np.float32([1, 0]), (5, 1))
  assert constants.loss_scale(cases.TASKS['survival'], ends, mask) == 1
  nothing = np.zeros(5, bool)
  assert constants.loss_scale(cases.TASKS['binary'], labels, nothing) == 1


def test_a_kind_of_the_user_needs_no_closed_form():
  """Its loss is twice the variance of the logarithm, see `tests.tasks.own`."""
  task = Task('price', 'tests.tasks.own', scale=2.0)
  labels = np.float32(np.exp(np.random.default_rng(0).normal(size=50)))
  found = constants.loss_scale(task, labels, np.ones(50, bool))
  assert found == pytest.approx(2 * np.log(labels).var(), rel=1e-3)


def test_an_error_of_a_kind_names_the_task(monkeypatch):
  def broken(labels, weights):
    raise RuntimeError('out of order')

  kind = Kind(len, 1, len, {'m': Metric(len, True)}, constant=broken)
  monkeypatch.setattr(Task, 'made', kind)
  with pytest.raises(InputError, match="'t': .*out of order.*'binary'"):
    constants.loss_scale(Task('t', 'binary'), np.arange(2), np.ones(2, bool))


def test_an_error_is_1_without_information_and_0_when_perfect():
  for kind in ('binary', 'regression', 'count', 'ordinal', 'survival'):
    task = cases.TASKS[kind]
    predictions, labels, mask = cases.case(kind, seed=5)
    scale = constants.metric_scale(task, labels, mask)
    name, metric = next(iter(task.metrics.items()))
    assert constants.error(task, float(metric.higher_is_better), scale) == 0
    if metric.chance is not None:
      assert constants.error(task, metric.chance, scale) == 1
  numbers, ones = labels[:, :1] * 0, np.ones(len(labels))
  y = np.float64(cases.case('regression', seed=5)[1])
  task = cases.TASKS['regression']
  scale = constants.metric_scale(task, y, ones)
  rmse = task.metrics['rmse'].compute(numbers + y.mean(), y, ones)
  assert constants.error(task, rmse, scale) == pytest.approx(1)


def test_a_regression_may_be_judged_by_its_absolute_error():
  task = Task('a', 'regression', headline='mae')
  assert list(task.metrics) == ['mae', 'rmse', 'r2']
  labels, weights = np.array([0.0, 1, 2, 10, 4]), np.array([1.0, 1, 1, 4, 1])
  # The weighted median is 10.
  found = constants.metric_scale(task, labels, np.ones(5, bool), weights)
  assert found == pytest.approx((10 + 9 + 8 + 6) / 8)
  with pytest.raises(ValueError, match="'mea'; did you mean 'mae'"):
    regression.make(headline='mea')
