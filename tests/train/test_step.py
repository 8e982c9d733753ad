"""A step of training against Optax: balancing, penalties, clipping."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mtl_jax import train
from mtl_jax.balancers.base import Balancer
from mtl_jax.schemes import base as schemes
from mtl_jax.train import optimizers, parameters, schedules
from mtl_jax.train.losses import task_losses
from tests import small

quick = small.quick

K = len(small.TASKS)
KEY = jax.random.key(5)
TASK_WEIGHTS = (2.0, 0.5, 0.5)

# In the middle of any search of a scheme.
AT, OF = 40, 100

# Each shares in another way; mtan also has running statistics.
SHARING = ('hard', 'cross_stitch', 'mmoe', 'mtan', 'shared_private')

stepped = jax.jit(train.step, static_argnums=0)


# Needs the Gram matrix, and returns the weights in its state.
GIVEN = Balancer(
  init=lambda num_tasks: jnp.ones(num_tasks),
  update=lambda losses, gram, state, key: (state + 0 * gram[0], state),
  needs_gram=True,
)


@functools.cache
def system_of(name='hard', balancer='equal', **fields):
  """Of SGD whose learning rate is the same for all parameters."""
  system = small.system(name, balancer=balancer, mix_lr=1.0, **fields)
  rule, constant = optimizers.sgd(0.0), schedules.constant(OF)
  optimizer = optimizers.make(*rule, constant, system.scheme, OF)
  return system._replace(optimizer=optimizer, steps=OF)


def descend(param, gradient):
  """A step of SGD at the default learning rate."""
  return np.asarray(param) - 0.1 * np.asarray(gradient)


def midway(system, split, hp):
  """A state at step `AT`, and its parameters."""
  state = small.start(system, split, hp)
  *others, clock = state.opt
  opt = *others, clock._replace(count=jnp.array(AT))
  return state._replace(step=jnp.array(AT), opt=opt)


def after(system, hp, split, weights=None):
  """The opened state after a step, and its metrics."""
  state = midway(system, split, hp)
  if weights is not None:
    state = state._replace(balance=jnp.array(weights))
  new, metrics = jax.device_get(stepped(system, hp, state, split, KEY))
  return new.opened, metrics


def losses_and_penalty(scheme, split, extra, params):
  """Losses and penalty, or 0, of step `AT` with the noise of `KEY`."""
  noise = jax.random.split(KEY)[0]
  predictions, kept = scheme.apply(
    {'params': params, **extra, 'now': small.told(split, AT, OF)},
    split.inputs,
    True,
    rngs={'dropout': noise, 'gates': jax.random.fold_in(noise, 1)},
    mutable=[*extra, 'intermediates'],
  )
  penalty = kept.get('intermediates', {}).get('penalty', 0.0)
  return task_losses(small.TASKS, predictions, split), penalty


@functools.partial(jax.jit, static_argnums=0)
def _gradients(scheme, split, extra, params, weights, penalty_weight):
  def total(params):
    losses, penalty = losses_and_penalty(scheme, split, extra, params)
    return weights @ losses + penalty_weight * penalty, losses

  return jax.grad(total, has_aux=True)(params)


def gradients(system, split):
  """Parameters, raw losses, and `weights, penalty_weight -> gradient`.

  The gradient of the weighted losses and the weighted penalty.
  """
  state = small.start(system, split, small.hp())
  params = jax.device_get(state.params).tree

  def gradient(weights, penalty_weight=0.0):
    weights, penalty_weight = np.float32(weights), np.float32(penalty_weight)
    return jax.device_get(
      _gradients(
        system.scheme, split, state.extra, params, weights, penalty_weight
      )
    )

  losses = gradient(np.ones(K))[1]
  return params, losses, lambda *given: gradient(*given)[0]


@pytest.mark.parametrize('name', small.SCHEMES)
def test_equal_is_the_gradient_of_the_sum(name):
  """Except for parameters that the scheme freezes."""
  split, hp = small.split(known=0.7), small.hp(task_weights=TASK_WEIGHTS)
  system = system_of(name)
  params, losses, gradient = gradients(system, split)
  grads = gradient(TASK_WEIGHTS)
  moves = {key: system.scheme.group(key).moves for key in params}
  expected = {
    key: jax.tree.map(descend, params[key], grads[key])
    if moves[key] is None or moves[key](AT, OF)
    else params[key]
    for key in params
  }
  ours, metrics = after(system, hp, split)
  small.close(ours.params, expected)
  np.testing.assert_allclose(metrics.losses, losses, rtol=1e-5)
  np.testing.assert_allclose(metrics.weights, TASK_WEIGHTS)
  assert (ours.step, ours.failed, ours.fallbacks) == (AT + 1, -1, 0)


@pytest.mark.parametrize('name', small.SCHEMES)
def test_rows_of_other_tasks_leave_a_tasks_own_parts_alone(name):
  """Each row has one label, and none of them is the last task's."""
  owner = np.arange(8)[:, None] % 2
  split = small.split()._replace(mask=jnp.array(owner == np.arange(K)))
  system, hp = system_of(name), small.hp()
  before = jax.device_get(small.params(system.scheme, split.inputs))
  state, metrics = after(system, hp, split)
  assert state.failed == -1
  assert metrics.losses[-1] == 0
  np.testing.assert_array_equal(state.unlabelled, [0, 0, 1])
  moved = jax.tree.map(np.not_equal, before, state.params)
  _, private = schemes.split(moved)
  for key, tree in private.items():
    leaves = jax.tree.leaves(tree)
    if key.startswith('head_'):
      assert any(leaf.any() for leaf in leaves) == (key != 'head_2'), key
    elif not key.startswith('aux_'):
      assert all(len(leaf) == K for leaf in leaves), key
      assert not any(leaf[-1].any() for leaf in leaves), key


@pytest.mark.parametrize('name', SHARING)
def test_gram_weights_of_one_are_equal(name):
  split, hp = small.split(), small.hp(task_weights=TASK_WEIGHTS)
  ours, metrics = after(system_of(name, GIVEN), hp, split)
  theirs, equal = after(system_of(name), hp, split)
  small.close(ours.params, theirs.params)
  small.close(metrics, equal)


@pytest.mark.parametrize('name', SHARING)
def test_gram_weights_scale_the_shared_gradient_alone(name):
  """Shared parameters follow `w . L`, private ones the plain sum."""
  weights, split, hp = (0.3, 2.0, 0.7), small.split(), small.hp()
  system = system_of(name, GIVEN)
  params, _, gradient = gradients(system, split)
  shared, _ = schemes.split(gradient(weights))
  _, private = schemes.split(gradient(np.ones(K)))
  expected = jax.tree.map(descend, params, shared | private)
  ours, metrics = after(system, hp, split, weights)
  small.close(ours.params, expected)
  np.testing.assert_allclose(metrics.weights, weights, rtol=1e-6)


@pytest.mark.parametrize('name', SHARING)
def test_heads_keep_their_own_gradient_under_pcgrad(name):
  split, hp = small.split(), small.hp()
  ours, metrics = after(system_of(name, 'pcgrad'), hp, split)
  theirs, _ = after(system_of(name), hp, split)
  shared, private = schemes.split(ours.params)
  equal_shared, equal_private = schemes.split(theirs.params)
  small.close(private, equal_private, 1e-6)
  apart = jax.tree.map(lambda a, b: np.abs(a - b).max(), shared, equal_shared)
  # Without a conflict the test would be empty.
  assert np.abs(metrics.weights - 1).max() > 1e-3
  assert max(jax.tree.leaves(apart)) > 1e-4


def test_losses_only_weights_scale_the_heads_too():
  split, hp = small.split(), small.hp(task_weights=TASK_WEIGHTS)
  system = small.system(balancer='uncertainty')
  state = small.start(system, split, hp)
  s = jnp.array([0.5, -0.3, 0.1])
  state = state._replace(balance=(s, state.balance[1]))
  new, metrics = jax.device_get(stepped(system, hp, state, split, KEY))
  weights = np.exp(-np.asarray(s)) * TASK_WEIGHTS
  np.testing.assert_allclose(metrics.weights, weights, rtol=1e-6)
  params, _, gradient = gradients(system, split)
  expected = jax.tree.map(descend, params, gradient(weights))
  small.close(new.params.tree, expected)


@pytest.mark.parametrize('name', ['soft_l2', 'soft_trace'])
def test_penalty_enters_with_its_factor(name):
  split, hp = small.split(), small.hp(penalty=0.3)
  system = system_of(name)
  params, losses, gradient = gradients(system, split)
  grads = jax.tree.map(
    lambda g, p: g + 0.3 * np.asarray(p),
    gradient(np.ones(K)),
    jax.jit(jax.grad(system.scheme.penalty))(params),
  )
  ours, metrics = after(system, hp, split)
  small.close(ours.params, jax.tree.map(descend, params, grads), 1e-4)
  # The penalty is no task's loss.
  np.testing.assert_allclose(metrics.losses, losses, rtol=1e-5)


@pytest.mark.parametrize('balancer', ['equal', GIVEN])
def test_a_penalty_of_the_batch_enters_with_its_factor(balancer):
  """Whatever the balancer; it does not see it."""
  split, hp = small.split(), small.hp(penalty=0.3)
  system = system_of('mmoe', balancer, balance=1.0)
  params, losses, gradient = gradients(system, split)
  penalised = gradient(np.zeros(K), 1.0)
  grads = jax.tree.map(
    lambda g, c: g + 0.3 * c, gradient(np.ones(K)), penalised
  )
  ours, metrics = after(system, hp, split)
  small.close(ours.params, jax.tree.map(descend, params, grads))
  np.testing.assert_allclose(metrics.losses, losses, rtol=1e-5)
  assert np.abs(penalised['gates']).max() > 1e-2


def test_towers_pay_for_their_distance_once_they_meet():
  split, hp = small.split(), small.hp(penalty=0.3)
  early = system_of('soft_l2', warm_start=AT + 1)
  met, never = system_of('soft_l2', warm_start=AT), system_of('soft_l2')
  free, _ = after(never, small.hp(), split)
  small.close(after(early, hp, split)[0].params, free.params, 1e-6)
  paid, _ = after(never, hp, split)
  small.close(after(met, hp, split)[0].params, paid.params, 1e-6)
  apart = jax.tree.map(
    lambda a, b: np.abs(a - b).max(), free.params, paid.params
  )
  assert apart['towers']['stage_0']['Dense_0']['kernel'] > 1e-3


def movement(system, clip, split):
  """The gradient used in a step of plain SGD."""
  hp = small.hp(lr=1.0, clip=clip)
  before = jax.device_get(small.start(system, split, hp)).params.tree
  after_, _ = after(system, hp, split)
  return jax.tree.map(np.subtract, before, after_.params)


def test_clipping_scales_one_model_by_its_norm():
  split = small.split()
  system = small.system('hard')
  free = movement(system, 0.0, split)
  norm = optax.tree.norm(free)
  clipped = movement(system, 0.25, split)
  small.close(clipped, jax.tree.map(lambda g: g * 0.25 / norm, free), 1e-4)
  small.close(movement(system, 2 * float(norm), split), free, 1e-6)


def test_clipping_scales_each_tower_by_its_own_norm():
  split = small.split()
  system = small.system('single')
  free = movement(system, 0.0, split)
  norms = np.asarray(parameters.pack(free, K).norms)
  limit = float(np.median(norms))
  scale = jnp.array(np.minimum(limit / norms, 1), jnp.float32)
  expected = jax.tree.map(jnp.multiply, free, schemes.per_tower(free, scale))
  clipped = movement(system, limit, split)
  small.close(clipped, expected, 1e-4)
  np.testing.assert_allclose(
    parameters.pack(clipped, K).norms, np.minimum(norms, limit), rtol=1e-4
  )


def test_no_answer_of_a_balancer_is_counted():
  split, hp = small.split(), small.hp()
  system = system_of('hard', GIVEN)
  ours, metrics = after(system, hp, split, (1.0, np.nan, 1.0))
  theirs, _ = after(system, hp, split)
  assert (ours.fallbacks, theirs.fallbacks) == (1, 0)
  np.testing.assert_array_equal(metrics.weights, 1)
  small.same(ours.params, theirs.params)


@pytest.mark.parametrize('balancer', ['equal', 'pcgrad'])
def test_a_task_without_labels_changes_nothing_for_others(balancer):
  """As if the task's weight were zero."""
  full = small.split()
  split = full._replace(mask=full.mask.at[:, 1].set(False))
  system = small.system(balancer=balancer)
  ours, metrics = after(system, small.hp(), split)
  theirs, _ = after(system, small.hp(task_weights=(1, 0, 1)), full)
  assert metrics.losses[1] == 0
  np.testing.assert_array_equal(ours.unlabelled, [0, 1, 0])
  np.testing.assert_array_equal(theirs.unlabelled, 0)
  small.close(ours.params, theirs.params)
  before = small.params(system.scheme, split.inputs)
  small.same(ours.params['head_1'], before['head_1'])
