"""Rules against plain Optax, masks, and schedules at their corners."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mtl_jax.schemes import base
from mtl_jax.train import optimizers, parameters, schedules
from tests import small

quick = small.quick

RULES = {
  'adam': optimizers.adam(),
  'adamw': optimizers.adamw(),
  'sgd': optimizers.sgd(),
  'nesterov': optimizers.sgd(0.8, nesterov=True),
}

SCHEMES = ('cross_stitch', 'mmoe', 'hard')


@functools.cache
def case(name='cross_stitch', encoder='mlp', **fields):
  scheme = small.scheme(name, encoder, **fields)
  params = small.params(scheme, small.inputs(encoder))
  grads = small.params(scheme, small.inputs(encoder), seed=1)
  return scheme, params, grads


def packed(scheme, tree):
  return parameters.pack(tree, scheme.num_tasks if scheme.separate else 1)


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def stepped(scheme, rule, steps, hp, params, grads):
  """`params` after some steps along the same gradient."""
  params, grads = packed(scheme, params), packed(scheme, grads)
  update = optimizers.make(*RULES[rule], schedules.constant(1), scheme)(hp)
  state = update.init(params)
  for _ in range(steps):
    changes, state = update.update(grads, state, params)
    params = optax.apply_updates(params, changes)
  return params.tree


def reference(update, steps, params, grads):
  state = update.init(params)
  for _ in range(steps):
    changes, state = update.update(grads, state, params)
    params = optax.apply_updates(params, changes)
  return params


@pytest.mark.parametrize('rule', RULES)
def test_rule_equals_optax(rule):
  scheme, params, grads = case('hard')

  def decays(params):
    return jax.tree_util.tree_map_with_path(
      lambda path, _: path[-1].key == 'kernel', params
    )

  l2 = optax.add_decayed_weights(0.1, decays)
  update = {
    'adam': optax.chain(l2, optax.adam(0.05)),
    'adamw': optax.adamw(0.05, weight_decay=0.1, mask=decays),
    'sgd': optax.chain(l2, optax.sgd(0.05, 0.9)),
    'nesterov': optax.chain(l2, optax.sgd(0.05, 0.8, nesterov=True)),
  }[rule]
  hp = small.hp(lr=0.05, weight_decay=0.1)
  small.close(
    stepped(scheme, rule, 3, hp, params, grads),
    jax.jit(lambda p, g: reference(update, 3, p, g))(params, grads),
  )


@pytest.mark.parametrize('encoder', ['mlp', 'lstm'])
@pytest.mark.parametrize('name', SCHEMES)
@pytest.mark.parametrize('rule', ['adamw', 'sgd'])
def test_kernels_decay_and_nothing_else(rule, name, encoder):
  scheme, params, grads = case(name, encoder)
  zero = jax.tree.map(jnp.zeros_like, grads)
  hp = small.hp(lr=0.1, weight_decay=0.5)
  new = stepped(scheme, rule, 1, hp, params, zero)
  for (path, before), after in zip(
    jax.tree_util.tree_leaves_with_path(params),
    jax.tree.leaves(new),
    strict=True,
  ):
    mixes = scheme.mix and path[0].key.startswith(scheme.mix)
    kernel = path[-1].key.endswith(('kernel', 'embedding'))
    expected = before * (0.95 if kernel and not mixes else 1)
    np.testing.assert_allclose(after, expected, rtol=1e-6)


@pytest.mark.parametrize('name', ['cross_stitch', 'mmoe'])
@pytest.mark.parametrize('rule', ['adam', 'sgd'])
def test_mix_lr_multiplies_the_mixing_update_alone(rule, name):
  plain, params, grads = case(name, mix_lr=1.0)
  fast, _, _ = case(name, mix_lr=8.0)
  one, other = (
    jax.tree.map(
      jnp.subtract,
      stepped(scheme, rule, 1, small.hp(lr=0.01), params, grads),
      params,
    )
    for scheme in (plain, fast)
  )
  for key in params:
    factor = 8 if key.startswith(plain.mix) else 1
    expected = jax.tree.map(lambda u, f=factor: f * u, one[key])
    small.close(other[key], expected, 1e-6)
  assert any(key.startswith(plain.mix) for key in params)


# --- Frozen groups


def drawn(params, count):
  """A sequence of this many gradients."""
  keys = jax.random.split(jax.random.key(2), count)
  leaves, tree = jax.tree.flatten(params)

  def one(key):
    parts = zip(jax.random.split(key, len(leaves)), leaves, strict=True)
    return [jax.random.normal(k, leaf.shape) for k, leaf in parts]

  return [jax.tree.unflatten(tree, one(key)) for key in keys]


@functools.partial(jax.jit, static_argnums=(0, 1))
def path(scheme, rule, hp, params, grads):
  """The change of every step along these gradients."""
  make = optimizers.make(*RULES[rule], schedules.cosine(9), scheme, len(grads))
  update, params = make(hp), packed(scheme, params)
  state, changes = update.init(params), []
  for grad in grads:
    change, state = update.update(packed(scheme, grad), state, params)
    params = optax.apply_updates(params, change)
    changes.append(change.tree)
  return changes


@pytest.mark.parametrize('rule', ['adamw', 'sgd'])
def test_what_rests_stays_and_its_moments_go_on(rule):
  """Stitches are frozen until the warm start ends, then trained as usual."""
  scheme, params, _ = case('cross_stitch', warm_start=3)
  plain, _, _ = case('cross_stitch')
  hp, grads = small.hp(lr=0.01, weight_decay=0.1), drawn(params, 5)
  resting, moving = (path(s, rule, hp, params, grads) for s in (scheme, plain))
  for i, (ours, theirs) in enumerate(zip(resting, moving, strict=True)):
    for name in params:
      mixes = name.startswith(scheme.mix)
      factor = 0 if mixes and i < 3 else 1
      expected = jax.tree.map(lambda u, f=factor: f * u, theirs[name])
      small.close(ours[name], expected, 1e-6)
  # Without a warm start they are trained from the first step.
  assert np.abs(moving[0]['stitch_1']).max() > 1e-2


@pytest.mark.parametrize('rule', ['adamw', 'sgd'])
def test_what_rests_does_not_decay(rule):
  """Adapters are trained first; from half of the steps on the encoder."""
  scheme, params, _ = case('adapters', frozen_from=0.5)
  hp, grads = small.hp(lr=0.01, weight_decay=0.5), drawn(params, 4)
  for i, change in enumerate(path(scheme, rule, hp, params, grads)):
    rests = 'adapters_' if i < 2 else 'shared_'
    for name, tree in change.items():
      largest = [np.abs(leaf).max() for leaf in jax.tree.leaves(tree)]
      if name.startswith(rests):
        assert max(largest) == 0, (i, name)
      else:
        assert min(largest) > 1e-4, (i, name)


@pytest.mark.parametrize('rule', ['adam', 'sgd'])
def test_a_proximal_step_begins_where_the_rule_ends(rule):
  """Towers approach their mean, in proportion to the learning rate."""
  scheme, params, _ = case('soft_l2', implicit=True)
  plain, _, _ = case('single')
  grads, schedule = drawn(params, 2), schedules.cosine(9)
  drawn_near = path(scheme, rule, small.hp(0.05, penalty=3.0), params, grads)
  free = path(plain, rule, small.hp(0.05, penalty=3.0), params, grads)
  for i, (ours, theirs) in enumerate(zip(drawn_near, free, strict=True)):
    ended = jax.tree.map(jnp.add, params, theirs)
    left = 1 / (1 + 4 * 0.05 * 3.0 * float(schedule(i)) / 2)

    def near(w, left=left):
      w = np.asarray(w)
      return w.mean(0) + left * (w - w.mean(0))

    params = jax.tree.map(jnp.add, params, ours)
    ended['towers'] = jax.tree.map(near, ended['towers'])
    small.close(params, ended)


def test_cross_stitch_learns_alpha_faster_by_default():
  assert small.scheme('cross_stitch').mix_lr == 100
  assert small.scheme('mmoe').mix_lr == 1


def test_learning_rate_is_traced():
  scheme, *trees = case('hard')
  params, grads = (packed(scheme, tree) for tree in trees)
  rule, decoupled = optimizers.adam()
  make = optimizers.make(rule, decoupled, schedules.cosine(10), scheme)
  traces = []

  @jax.jit
  def step(hp, params):
    traces.append(1)
    update = make(hp)
    return update.update(grads, update.init(params), params)[0]

  one, two = step(small.hp(lr=0.1), params), step(small.hp(lr=0.3), params)
  assert len(traces) == 1
  small.close(jax.tree.map(lambda u: 3 * u, one), two, 1e-6)


# (schedule, {step: factor}); the half cosine is (1 + cos(pi share)) / 2.
SCHEDULES = [
  (schedules.constant(100), {0: 1, 50: 1, 100: 1}),
  (schedules.cosine(100), {0: 1, 25: 0.853553, 50: 0.5, 100: 0, 120: 0}),
  (schedules.cosine(100, final=0.2), {0: 1, 50: 0.6, 100: 0.2}),
  (
    schedules.warmup(120, warmup_steps=20),
    {0: 0, 1: 0.05, 10: 0.5, 20: 1, 70: 0.5, 120: 0},
  ),
  (schedules.warmup(10), {0: 0, 3: 1 / 3, 9: 1, 10: 0}),
  (
    schedules.step(100),
    {0: 1, 49: 1, 50: 0.1, 74: 0.1, 75: 0.01, 100: 0.01},
  ),
  (
    schedules.step(10, boundaries=(0.3,), factor=0.5),
    {0: 1, 2: 1, 3: 0.5, 9: 0.5},
  ),
]


@pytest.mark.parametrize(('schedule', 'values'), SCHEDULES)
def test_schedule_at_its_corners(schedule, values):
  for step, expected in values.items():
    np.testing.assert_allclose(schedule(jnp.array(step)), expected, atol=1e-5)


@pytest.mark.parametrize('name', schedules.SCHEDULES)
@pytest.mark.parametrize('cut', [0, 1, 4, 9])
def test_each_phase_has_a_schedule_of_its_own(name, cut):
  """Equal to two consecutive runs."""
  make = schedules.SCHEDULES[name]
  ours = schedules.phased(make, 10, cut)
  first, second = make(cut) if cut else None, make(10 - cut)
  expected = [float(first(i)) for i in range(cut)]
  expected += [float(second(i)) for i in range(10 - cut)]
  found = [float(ours(jnp.array(i))) for i in range(10)]
  np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize('rule', RULES)
def test_a_restart_forgets_moments_and_keeps_the_clock(rule):
  scheme, tree, _ = case('hard')
  params = packed(scheme, tree)
  schedule = schedules.cosine(10)
  hp = small.hp(lr=0.05, weight_decay=0.1)
  update = optimizers.make(*RULES[rule], schedule, scheme)(hp)
  *before, after = (packed(scheme, grad) for grad in drawn(tree, 4))

  @jax.jit
  def run(params):
    old = update.init(params)
    for grad in before:
      _, old = update.update(grad, old, params)
    return [
      update.update(after, state, params)[0]
      for state in (
        optimizers.restarted(update, old, params), update.init(params), old
      )
    ]  # fmt: skip

  restarted, fresh, going_on = run(params)
  slower = float(schedule(3) / schedule(0))
  small.close(restarted, jax.tree.map(lambda u: slower * u, fresh), 1e-6)
  apart = jax.tree.map(lambda a, b: jnp.abs(a - b).max(), restarted, going_on)
  assert min(jax.tree.leaves(apart)) > 1e-4


@pytest.mark.parametrize('name', schedules.SCHEDULES)
@pytest.mark.parametrize('steps', [2, 3, 10])
def test_schedules_take_short_runs(name, steps):
  schedule = schedules.SCHEDULES[name](steps)
  values = [float(schedule(jnp.array(i))) for i in range(steps)]
  assert np.isfinite(values).all()
  assert max(values) == 1
  assert min(values) >= 0


def test_schedule_scales_the_update():
  scheme, *trees = case('hard')
  params, grads = (packed(scheme, tree) for tree in trees)
  rule, decoupled = optimizers.sgd(0.0)
  make = optimizers.make(rule, decoupled, schedules.step(4), scheme)
  update = make(small.hp(lr=1.0))

  @jax.jit
  def step(state):
    return update.update(grads, state, params)

  state = update.init(params)
  for factor in (1, 1, 0.1, 0.01):
    changes, state = step(state)
    small.close(changes, jax.tree.map(lambda g, f=factor: -f * g, grads))


def test_names_are_the_functions():
  for table in (optimizers.OPTIMIZERS, schedules.SCHEDULES):
    assert all(make.__name__ == name for name, make in table.items())


def test_kernels_are_what_decays():
  _, params, _ = case('hard', 'lstm')
  kernels = base.kernels(params)
  ends = [p[-1].key for p, _ in jax.tree_util.tree_leaves_with_path(params)]
  assert len(kernels) == sum(end != 'bias' for end in ends)
