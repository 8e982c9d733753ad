"""DSelect-k: initialization, penalties, and how it decides."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from tests import small
from tests.schemes import plain
from tests.schemes.test_dselect_k import decided, selected
from tests.schemes.test_reductions import K

quick = small.quick


@functools.cache
def penalized(step=None, **fields):
  """`digits -> penalty` of three tasks, at a step of ten."""
  scheme, x = small.scheme('dselect_k', selectors=1, **fields), small.inputs()
  params = small.params(scheme, x)
  now = {} if step is None else {'now': {'step': step, 'steps': 10}}

  def penalty(digits):
    recorded = plain.recorded(scheme, params | {'digits': digits}, x, **now)
    return recorded.get('penalty')

  return penalty


def test_the_entropy_penalty_grows_with_the_step():
  z = small.params(small.scheme('dselect_k', selectors=1), small.inputs())
  whole = penalized(entropy=0.4)(z['digits'])
  expected = 0.4 * stats.entropy(selected(z['digits'], 4, 1.0), axis=-1).sum()
  np.testing.assert_allclose(whole, expected, rtol=1e-5)
  for step in (0, 5):
    begun = penalized(step, entropy=0.4)(z['digits'])
    np.testing.assert_allclose(begun, whole * step / 10, rtol=1e-6)


def test_who_has_decided_pays_nothing():
  digits = decided([[3], [0], [2]])
  assert penalized(entropy=0.4)(digits) == 0
  gradient = jax.grad(penalized(entropy=0.4))(digits)
  np.testing.assert_array_equal(gradient, 0)


def test_a_number_that_is_no_experts_costs():
  """Each selector of a valid one pays 1, the least; at any step."""
  valid, invalid = decided([[2], [0], [1]]), decided([[3], [0], [1]])
  assert penalized(0, num_experts=3)(valid) == 3
  np.testing.assert_allclose(
    penalized(0, num_experts=3)(invalid), 1e6, rtol=1e-4
  )
  undecided = jnp.zeros((K, 1, 2))
  np.testing.assert_allclose(
    penalized(0, num_experts=3)(undecided), 4, rtol=1e-6
  )
  # Downhill is away from the number: digits of 3 are 1 and 1.
  assert (jax.grad(penalized(0, num_experts=3))(undecided) > 0).all()
  assert penalized(0, num_experts=4)(undecided) is None


@pytest.mark.parametrize('gamma', [1.0, 3.0])
def test_selectors_start_undecided(gamma):
  scheme = small.scheme('dselect_k', gamma=gamma)
  params = plain.starts(scheme, small.inputs(), 20)
  assert params['digits'].shape == (20, K, 2, 2)
  assert params['blend'].shape == (20, K, 2)
  for name, reach in (('digits', gamma / 100), ('blend', 0.05)):
    assert 0.9 * reach < np.abs(params[name]).max() <= reach
    assert params[name].min() < -0.8 * reach
    np.testing.assert_allclose(params[name].mean(), 0, atol=0.25 * reach)


def descended(gradient, digits, rate, steps=300):
  """Plain gradient descent."""

  @jax.jit
  def descend(digits):
    def body(z, _):
      return z - rate * gradient(z), None

    return jax.lax.scan(body, digits, length=steps)[0]

  return descend(digits)


def test_the_entropy_charge_ends_in_one_expert_per_task():
  """From the start of training, exactly; and then nothing moves any more."""
  scheme = small.scheme('dselect_k', selectors=1, entropy=1.0)
  params = plain.start(scheme, small.inputs())
  gradient = jax.grad(penalized(entropy=1.0))
  end = descended(gradient, params['digits'], 0.1)
  gate = plain.recorded(scheme, params | {'digits': end}, small.inputs())
  gate = np.asarray(gate['gate (task, expert)'])
  np.testing.assert_array_equal(np.sort(gate, axis=1), [[0, 0, 0, 1]] * K)
  np.testing.assert_array_equal(gradient(end), 0)


def test_a_task_loss_alone_ends_in_the_better_expert():
  """No entropy penalty: the steps are what makes it exact."""
  tasks = small.TASKS[2:]
  fields = {'num_experts': 2, 'selectors': 1}
  scheme, x = small.scheme('dselect_k', tasks=tasks, **fields), small.inputs()
  params = small.params(scheme, x)

  def loss(digits):
    (predicted,), _ = plain.applied(scheme, params | {'digits': digits}, x)
    return predicted.mean()

  ends = [loss(jnp.full((1, 1, 1), z)) for z in (-1.0, 1.0)]
  assert abs(ends[0] - ends[1]) > 0.1
  rate = 0.1 / abs(ends[0] - ends[1])
  end = descended(jax.grad(loss), jnp.zeros((1, 1, 1)), rate)
  assert loss(end) == min(ends)
