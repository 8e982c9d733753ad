"""Frozen parameters have no gradient, no decay, no update, and no moments."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.train import freezing, optimizers, schedules, step
from tests import small

quick = small.quick


def system(frozen, rule='adam', balancer='equal', name='hard'):
  plain = small.system(name, balancer=balancer)
  made = optimizers.make(
    *optimizers.OPTIMIZERS[rule](),
    schedules.constant(1),
    plain.scheme,
    1,
    frozen,
  )
  return plain._replace(optimizer=made, frozen=frozen)


@pytest.mark.parametrize('rule', ['adam', 'adamw'])
def test_what_is_frozen_stays_and_so_do_its_moments(rule):
  frozen = ('shared_encoder/stage_0', 'head_')
  own, split = system(frozen, rule), small.split()
  hp = small.hp(weight_decay=0.1)
  before = small.start(own, split, hp)
  after, _ = jax.jit(step, static_argnums=0)(
    own, hp, before, split, jax.random.key(0)
  )
  moments = after.opt[0 if rule == 'adamw' else 1]
  for tree, first in (
    (after.params, before.params),
    (moments.mu, jax.tree.map(jnp.zeros_like, moments.mu)),
    (moments.nu, jax.tree.map(jnp.zeros_like, moments.nu)),
  ):
    same = jax.tree.map(np.array_equal, tree.tree, first.tree)
    assert all(jax.tree.leaves(same['shared_encoder']['stage_0']))
    assert all(jax.tree.leaves(same['head_1']))
    assert not any(jax.tree.leaves(same['shared_encoder']['stage_1']))


def test_balancers_see_what_is_trained_alone():
  """With the first stage frozen, the weights are those of the others."""
  split, hp = small.split(), small.hp()
  weights = []
  for frozen in ((), ('shared_encoder/stage_0',)):
    own = system(frozen, balancer='imtl_g')
    state = small.start(own, split, hp)
    _, metrics = jax.jit(step, static_argnums=0)(
      own, hp, state, split, jax.random.key(0)
    )
    weights.append(metrics.weights)
  assert not np.allclose(*weights, rtol=1e-3)


def test_a_frozen_module_has_no_weights():
  """With one of two frozen, weights by module are those of the other."""
  split, hp = small.split(), small.hp()
  weights = []
  for over in ('shared', 'module'):
    own = system(('shared_encoder/stage_0',), balancer='imtl_g')
    own = own._replace(gram_over=over)
    after, metrics = jax.jit(step, static_argnums=0)(
      own, hp, small.start(own, split, hp), split, jax.random.key(0)
    )
    weights.append(metrics.weights)
    assert after.fallbacks == 0
  np.testing.assert_allclose(*weights, rtol=1e-5)


def test_one_of_several_stacked_heads_is_refused():
  assert freezing.frozen(('head_',), ('head_0-2', 'Dense_0', 'bias'))
  assert not freezing.frozen(('shared',), ('head_0-2', 'Dense_0', 'bias'))
  with pytest.raises(ValueError, match='freeze all heads'):
    freezing.frozen(('head_1',), ('head_0-2', 'Dense_0', 'bias'))
