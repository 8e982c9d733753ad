"""DSelect-k: its smooth steps, what it selects, and how it decides."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from mtl_jax.schemes import dselect_k
from tests import small
from tests.schemes import plain
from tests.schemes.test_reductions import (
  K,
  assert_same,
  heads,
  losses,
  mixture,
  tower,
  towers,
)

quick = small.quick

GAMMAS = pytest.mark.parametrize('gamma', [0.5, 1.0, 3.0])


def step_of(x, gamma):
  """As the paper writes it."""
  cubic = -2 * x**3 / gamma**3 + 3 * x / (2 * gamma) + 0.5
  return np.where(x <= -gamma / 2, 0, np.where(x >= gamma / 2, 1, cubic))


def selected(z, size, gamma):
  """Of each expert, the product over its binary digits, lowest first."""
  steps, count = step_of(z, gamma), z.shape[-1]
  shares = []
  for expert in range(size):
    digits = f'{expert:0{count}b}'[::-1]
    factors = [
      steps[..., j] if digit == '1' else 1 - steps[..., j]
      for j, digit in enumerate(digits)
    ]
    shares.append(np.prod(factors, axis=0))
  return np.stack(shares, -1)


def decided(experts, gamma=1.0):
  """Digits that write these numbers, far from undecided."""
  bits = (np.asarray(experts)[..., None] >> np.arange(2)) & 1
  return jnp.array(np.where(bits, gamma, -gamma), jnp.float32)


@GAMMAS
def test_the_step_is_a_cubic_between_0_and_1(gamma):
  x = np.linspace(-gamma, gamma, 41).astype(np.float32)
  ours = dselect_k.smooth_step(jnp.array(x), gamma)
  np.testing.assert_allclose(ours, step_of(x, gamma), atol=1e-6)
  outside = np.abs(x) >= gamma / 2
  np.testing.assert_array_equal(ours[outside], x[outside] > 0)


@GAMMAS
def test_value_and_slope_of_the_step_are_continuous(gamma):
  step = functools.partial(dselect_k.smooth_step, gamma=gamma)
  slope = jax.vmap(jax.grad(step))
  edge, near = gamma / 2, 1e-3 * gamma
  inside = jnp.array([-edge + near, edge - near])
  np.testing.assert_allclose(step(inside), [0, 1], atol=1e-5)
  np.testing.assert_allclose(slope(inside), 0, atol=1e-2 / gamma)
  np.testing.assert_allclose(slope(jnp.zeros(1)), 1.5 / gamma, rtol=1e-6)
  # What is decided stays so.
  outside = jnp.array([-2 * edge, -edge, edge, 2 * edge])
  np.testing.assert_array_equal(slope(outside), 0)


@pytest.mark.parametrize('per_example', [False, True])
def test_selectors_choose_experts_by_their_digits(per_example):
  """Three experts: the fourth number is nobody's, and costs."""
  fields = {'num_experts': 3, 'gamma': 1.5, 'per_example': per_example}
  scheme = small.scheme('dselect_k', entropy=0.3, **fields)
  x = small.inputs()
  params = small.params(scheme, x)
  ours, kept = plain.applied(scheme, params, x)
  p, x = plain.host((params, x))
  z, w = p['digits'][None], p['blend'][None]
  if per_example:
    z = np.einsum('bc,tckm->btkm', x, z[0])
    w = np.einsum('bc,tck->btk', x, w[0])
  chosen = selected(z, 3, 1.5)
  gate = (special.softmax(w, axis=-1)[..., None] * chosen).sum(-2)
  found = plain.encoders(p['shared_experts'], x)
  mixed = [np.einsum('be,ebc->bc', g, found) for g in spread(gate, len(x))]
  small.close(ours, plain.heads(p, mixed), 1e-4)
  told = kept['intermediates']
  np.testing.assert_allclose(told['use (expert)'], gate.mean((0, 1)), rtol=1e-5)
  np.testing.assert_allclose(
    told['gate (task, expert)'], gate.mean(0), rtol=1e-4, atol=1e-6
  )
  invalid = (1 / np.maximum(chosen.sum(-1), 1e-6)).sum((1, 2)).mean()
  undecided = special.entr(chosen).sum((1, 2, 3)).mean()
  expected = 0.3 * undecided + invalid
  np.testing.assert_allclose(told['penalty'], expected, rtol=1e-4)


def spread(gate, rows):
  """One gate per task, of all rows: `[K, B, E]`."""
  return np.broadcast_to(gate, (rows, *gate.shape[1:])).swapaxes(0, 1)


def test_a_decided_selector_takes_one_expert_and_nothing_else():
  for expert in range(4):
    digits = dselect_k.smooth_step(decided([[expert]], gamma=0.5), 1.0)
    chosen = dselect_k.select(digits, 4)
    np.testing.assert_array_equal(chosen[0, 0], np.arange(4) == expert)


def test_one_decided_selector_per_task_is_single():
  """At the very edge of the step."""
  dselect = losses('dselect_k', 'mlp', num_experts=K, selectors=1, gamma=2.0)
  single = losses('single', 'mlp')
  gate = {'digits': decided([[0], [1], [2]]), 'blend': jnp.ones((K, 1))}
  assert_same(
    lambda w, h: dselect({'shared_experts': w, **gate}, h),
    lambda w, h: single({'towers': w}, h),
    towers('mlp', K),
    heads('mlp'),
  )


def test_undecided_selectors_mix_a_power_of_two_alike():
  """As mmoe whose gates know nothing."""
  dselect = losses('dselect_k', 'mlp')
  mmoe = losses('mmoe', 'mlp')
  gate = {'digits': jnp.zeros((K, 2, 2)), 'blend': decided([0, 1, 2])}
  assert_same(
    lambda w, h: dselect({'shared_experts': w, **gate}, h),
    lambda w, h: mmoe({'shared_experts': w, 'gates': jnp.zeros((K, 5, 4))}, h),
    towers('mlp', 4),
    heads('mlp'),
  )


def test_one_expert_is_hard():
  dselect = losses('dselect_k', 'mlp', num_experts=1)
  hard = losses('hard', 'mlp')
  gate = {'digits': jnp.zeros((K, 2, 0)), 'blend': decided([0, 1, 2])}
  assert_same(
    lambda w, h: dselect({**mixture(w, 1, 0), **gate}, h),
    lambda w, h: hard({'shared_encoder': w}, h),
    tower('mlp'),
    heads('mlp'),
  )


@pytest.mark.parametrize('size', [2, 4, 8])
def test_shares_of_a_power_of_two_sum_to_1(size):
  z = np.random.default_rng(0).normal(0, 0.4, (6, int(math.log2(size))))
  digits = dselect_k.smooth_step(jnp.array(z, jnp.float32), 1.0)
  shares = dselect_k.select(digits, size)
  np.testing.assert_allclose(shares, selected(z, size, 1.0), atol=1e-6)
  np.testing.assert_allclose(shares.sum(-1), 1, rtol=1e-6)


@functools.cache
def charged(step=None, **fields):
  """`digits -> penalty` of three tasks, at a step of ten."""
  scheme, x = small.scheme('dselect_k', selectors=1, **fields), small.inputs()
  params = small.params(scheme, x)
  now = {} if step is None else {'now': {'step': step, 'steps': 10}}

  def penalty(digits):
    told = plain.told(scheme, params | {'digits': digits}, x, **now)
    return told.get('penalty')

  return penalty


def test_the_entropy_charge_grows_with_the_step():
  z = small.params(small.scheme('dselect_k', selectors=1), small.inputs())
  whole = charged(entropy=0.4)(z['digits'])
  expected = 0.4 * stats.entropy(selected(z['digits'], 4, 1.0), axis=-1).sum()
  np.testing.assert_allclose(whole, expected, rtol=1e-5)
  for step in (0, 5):
    begun = charged(step, entropy=0.4)(z['digits'])
    np.testing.assert_allclose(begun, whole * step / 10, rtol=1e-6)


def test_who_has_decided_pays_nothing():
  digits = decided([[3], [0], [2]])
  assert charged(entropy=0.4)(digits) == 0
  slope = jax.grad(charged(entropy=0.4))(digits)
  np.testing.assert_array_equal(slope, 0)


def test_a_number_that_is_no_experts_costs():
  """Each selector of a valid one pays 1, the least; at any step."""
  valid, invalid = decided([[2], [0], [1]]), decided([[3], [0], [1]])
  assert charged(0, num_experts=3)(valid) == 3
  np.testing.assert_allclose(charged(0, num_experts=3)(invalid), 1e6, rtol=1e-4)
  undecided = jnp.zeros((K, 1, 2))
  np.testing.assert_allclose(charged(0, num_experts=3)(undecided), 4, rtol=1e-6)
  # Downhill is away from the number: digits of 3 are 1 and 1.
  assert (jax.grad(charged(0, num_experts=3))(undecided) > 0).all()
  assert charged(0, num_experts=4)(undecided) is None


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


def descended(slope, digits, rate, steps=300):
  """Plain gradient descent."""

  @jax.jit
  def descend(digits):
    def body(z, _):
      return z - rate * slope(z), None

    return jax.lax.scan(body, digits, length=steps)[0]

  return descend(digits)


def test_the_entropy_charge_ends_in_one_expert_per_task():
  """From the start of training, exactly; and then nothing moves any more."""
  scheme = small.scheme('dselect_k', selectors=1, entropy=1.0)
  params = plain.start(scheme, small.inputs())
  slope = jax.grad(charged(entropy=1.0))
  end = descended(slope, params['digits'], 0.1)
  gate = plain.told(scheme, params | {'digits': end}, small.inputs())
  gate = np.asarray(gate['gate (task, expert)'])
  np.testing.assert_array_equal(np.sort(gate, axis=1), [[0, 0, 0, 1]] * K)
  np.testing.assert_array_equal(slope(end), 0)


def test_a_task_loss_alone_ends_in_the_better_expert():
  """No entropy charge: the steps are what makes it exact."""
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


@pytest.mark.parametrize('field', ['num_experts', 'selectors'])
def test_less_than_one_is_refused(field):
  with pytest.raises(ValueError, match=f'{field} is 0; take 1 or more'):
    small.scheme('dselect_k', **{field: 0})


@pytest.mark.parametrize('gamma', [0.0, -1.0])
def test_a_step_of_no_width_is_refused(gamma):
  with pytest.raises(ValueError, match=f'gamma is {gamma}; take more than 0'):
    small.scheme('dselect_k', gamma=gamma)
