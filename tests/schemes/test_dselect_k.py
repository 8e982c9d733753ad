"""DSelect-k: its smooth steps, and what it selects."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

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
  actual = dselect_k.smooth_step(jnp.array(x), gamma)
  np.testing.assert_allclose(actual, step_of(x, gamma), atol=1e-6)
  outside = np.abs(x) >= gamma / 2
  np.testing.assert_array_equal(actual[outside], x[outside] > 0)


@GAMMAS
def test_value_and_slope_of_the_step_are_continuous(gamma):
  step = functools.partial(dselect_k.smooth_step, gamma=gamma)
  gradient = jax.vmap(jax.grad(step))
  edge, near = gamma / 2, 1e-3 * gamma
  inside = jnp.array([-edge + near, edge - near])
  np.testing.assert_allclose(step(inside), [0, 1], atol=1e-5)
  np.testing.assert_allclose(gradient(inside), 0, atol=1e-2 / gamma)
  np.testing.assert_allclose(gradient(jnp.zeros(1)), 1.5 / gamma, rtol=1e-6)
  # What is decided stays so.
  outside = jnp.array([-2 * edge, -edge, edge, 2 * edge])
  np.testing.assert_array_equal(gradient(outside), 0)


@pytest.mark.parametrize('per_example', [False, True])
def test_selectors_choose_experts_by_their_digits(per_example):
  """Three experts: the fourth number is nobody's, and costs."""
  fields = {'num_experts': 3, 'gamma': 1.5, 'per_example': per_example}
  scheme = small.scheme('dselect_k', entropy=0.3, **fields)
  x = small.inputs()
  params = small.params(scheme, x)
  actual, kept = plain.applied(scheme, params, x)
  p, x = plain.host((params, x))
  z, w = p['digits'][None], p['blend'][None]
  if per_example:
    z = np.einsum('bc,tckm->btkm', x, z[0])
    w = np.einsum('bc,tck->btk', x, w[0])
  chosen = selected(z, 3, 1.5)
  gate = (special.softmax(w, axis=-1)[..., None] * chosen).sum(-2)
  result = plain.encoders(p['shared_experts'], x)
  mixed = [np.einsum('be,ebc->bc', g, result) for g in spread(gate, len(x))]
  small.close(actual, plain.heads(p, mixed), 1e-4)
  recorded = kept['intermediates']
  np.testing.assert_allclose(
    recorded['use (expert)'], gate.mean((0, 1)), rtol=1e-5
  )
  np.testing.assert_allclose(
    recorded['gate (task, expert)'], gate.mean(0), rtol=1e-4, atol=1e-6
  )
  invalid = (1 / np.maximum(chosen.sum(-1), 1e-6)).sum((1, 2)).mean()
  undecided = special.entr(chosen).sum((1, 2, 3)).mean()
  expected = 0.3 * undecided + invalid
  np.testing.assert_allclose(recorded['penalty'], expected, rtol=1e-4)


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


@pytest.mark.parametrize('field', ['num_experts', 'selectors'])
def test_less_than_one_is_refused(field):
  with pytest.raises(ValueError, match=f'{field} is 0; take 1 or more'):
    small.scheme('dselect_k', **{field: 0})


@pytest.mark.parametrize('gamma', [0.0, -1.0])
def test_a_step_of_no_width_is_refused(gamma):
  with pytest.raises(ValueError, match=f'gamma is {gamma}; take more than 0'):
    small.scheme('dselect_k', gamma=gamma)
