"""One-gate mixture of experts, and what a mixture records of its gates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from mtl_jax.schemes.parts import gates
from tests import small
from tests.schemes import plain
from tests.schemes.test_reductions import (
  K,
  assert_same,
  cut,
  encoders,
  heads,
  losses,
  mixture,
  tied,
  tower,
  towers,
)

quick = small.quick


def drawn(**fields):
  scheme, x = small.scheme('omoe', **fields), small.inputs()
  return scheme, small.params(scheme, x), x


def test_all_tasks_read_one_mixture_of_the_experts():
  scheme, params, x = drawn()
  actual, _ = plain.applied(scheme, params, x)
  p, x = plain.host((params, x))
  gate = special.softmax(x @ p['shared_gate'], axis=1)
  result = plain.encoders(p['shared_experts'], x)
  mixed = np.einsum('be,ebc->bc', gate, result)
  small.close(actual, plain.heads(p, [mixed] * K), 1e-4)


@encoders
def test_omoe_is_mmoe_of_equal_gates(encoder):
  """Its one gate learns what all gates of mmoe together do."""
  omoe = losses('omoe', encoder, num_experts=2)
  mmoe = losses('mmoe', encoder, num_experts=2)
  scheme = small.scheme('omoe', encoder, num_experts=2)
  given = small.params(scheme, small.inputs(encoder))
  parts = {k: v for k, v in given.items() if k.startswith('shared_')}
  gate = parts.pop('shared_gate')
  assert_same(
    lambda w, g, h: omoe(w, {'shared_gate': g}, h),
    lambda w, g, h: mmoe(w, {'gates': jnp.stack([g] * K)}, h),
    parts,
    gate,
    heads(encoder),
  )


@encoders
@pytest.mark.parametrize('experts', [1, 2])
def test_omoe_of_equal_experts_is_hard(encoder, experts):
  stem = int(encoder != 'mlp')
  omoe = losses('omoe', encoder, num_experts=experts)
  hard = losses('hard', encoder)
  scheme = small.scheme('omoe', encoder, num_experts=experts)
  gate = small.params(scheme, small.inputs(encoder))['shared_gate']
  assert_same(
    lambda w, h: omoe(mixture(w, experts, stem), {'shared_gate': gate}, h),
    lambda w, h: hard({'shared_encoder': w}, h),
    tower(encoder),
    heads(encoder),
  )


@pytest.mark.parametrize(
  ('name', 'key'), [('mmoe', 'gates'), ('omoe', 'shared_gate')]
)
def test_one_expert_below_towers_is_split_hard(name, key):
  fields = {'num_experts': 1, 'tower_from': 1}
  scheme = losses(name, 'mlp', **fields)
  hard = losses('hard', 'mlp', split_at=1)
  gate = small.params(small.scheme(name, **fields), small.inputs())[key]

  def parts(w):
    low, high = cut(w, 1)
    return small.take(low, 0), high

  def actual(w, h):
    low, high = parts(w)
    return scheme(
      {'shared_experts': tied(low, 1), 'towers': high, key: gate}, h
    )

  def desired(w, h):
    low, high = parts(w)
    return hard({'shared_encoder': low, 'towers': high}, h)

  assert_same(actual, desired, towers('mlp', K), heads('mlp'))


@pytest.mark.parametrize('name', ['mmoe', 'omoe'])
def test_towers_behind_the_last_stage_are_none(name):
  x = small.inputs()
  whole, none = (small.scheme(name, tower_from=at) for at in (2, -1))
  params = small.params(none, x)
  apply = plain.applied
  small.close(apply(whole, params, x)[0], apply(none, params, x)[0], 0)


def test_one_gate_cannot_be_single():
  """What a gate per task can be, and one gate for all cannot."""
  scheme, params, x = drawn(num_experts=K)
  same = params | {
    'shared_experts': towers('mlp', K),
    'head_1': params['head_0'],
  }
  scheme = scheme.clone(heads=(scheme.heads[0],) * 2)
  one, other = plain.applied(scheme, same, x)[0]
  np.testing.assert_array_equal(one, other)
  assert np.ptp(one) > 0


def test_the_gate_starts_near_equal_shares():
  params = plain.start(small.scheme('omoe'), jnp.zeros((2, 400)))
  assert params['shared_gate'].shape == (400, 4)
  plain.assert_normal(params['shared_gate'], 0.01)


@pytest.mark.parametrize('name', ['mmoe', 'omoe'])
def test_less_than_one_expert_is_refused(name):
  with pytest.raises(ValueError, match='num_experts is 0; take 1 or more'):
    small.scheme(name, num_experts=0)


@pytest.mark.parametrize(
  ('encoder', 'cut', 'remedy'),
  [('lenet', 0, 'set expert_from=1'), ('mlp', 2, 'the encoder has 2')],
)
def test_where_experts_cannot_begin_is_refused(encoder, cut, remedy):
  scheme = small.scheme('omoe', encoder, expert_from=cut)
  with pytest.raises(ValueError, match=remedy):
    jax.eval_shape(
      lambda: scheme.init(jax.random.key(0), small.inputs(encoder), False)
    )


@pytest.mark.parametrize('tower_from', [0, 1])
def test_towers_that_leave_no_expert_are_refused(tower_from):
  scheme = small.scheme('omoe', expert_from=1, tower_from=tower_from)
  with pytest.raises(ValueError, match='no stage for the experts.*=2 or more'):
    jax.eval_shape(
      lambda: scheme.init(jax.random.key(0), small.inputs(), False)
    )


@pytest.mark.parametrize(
  ('name', 'key'), [('mmoe', 'gates'), ('omoe', 'shared_gate')]
)
def test_mean_gates_their_entropy_and_use_are_told(name, key):
  scheme, x = small.scheme(name, balance=0.7), small.inputs()
  params = small.params(scheme, x)
  recorded = plain.recorded(scheme, params, x)
  kernel, x = plain.host((params[key], x))
  scores = np.einsum('bc,tce->bte', x, kernel.reshape(-1, 5, 4))
  gate = special.softmax(scores, axis=-1)
  importance = gate.sum(0)
  variation = importance.std(-1) / importance.mean(-1)
  expected = {
    'gate (task, expert)': gate.mean(0),
    'entropy (task)': stats.entropy(gate, axis=-1).mean(0),
    'use (expert)': gate.mean((0, 1)),
    'penalty': 0.7 * np.square(variation).mean(),
  }
  small.close(recorded, expected, 1e-5)


@pytest.mark.parametrize('name', ['mmoe', 'omoe'])
def test_balance_is_free_by_default(name):
  scheme, x = small.scheme(name), small.inputs()
  assert 'penalty' not in plain.recorded(scheme, small.params(scheme, x), x)


def test_imbalance_is_0_for_equal_shares_and_greatest_for_one_expert():
  equal = jnp.full((6, 2, 4), 1 / 4)
  np.testing.assert_allclose(gates.imbalance(equal), 0, atol=1e-12)
  # Every row another expert: the importances are equal again.
  np.testing.assert_allclose(gates.imbalance(jnp.eye(4)[:, None]), 0)
  one = jnp.zeros((6, 2, 4)).at[..., 1].set(1)
  np.testing.assert_allclose(gates.imbalance(one), 3, rtol=1e-6)
  half = jnp.concatenate([equal[:, :1], one[:, 1:]], axis=1)
  np.testing.assert_allclose(gates.imbalance(half), 1.5, rtol=1e-6)
