"""Where one scheme must be another: the same losses, the same gradients.

Both are written as functions of the same tower parameters, so that a gradient
in them compares like with like whatever layout the schemes store.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests import small

quick = small.quick

K = len(small.TASKS)

# Vectors, and sequences with a mask beside them; images are vectors here.
encoders = pytest.mark.parametrize('encoder', ['mlp', 'lstm'])


def towers(encoder, n):
  """Random parameters of n towers, `{'stage_i': leaves [n, ...]}`."""
  tasks = (small.TASKS[0],) * n
  params = small.params(
    small.scheme('single', encoder, tasks), small.inputs(encoder)
  )
  return params['towers']


def tower(encoder):
  """Random parameters of one."""
  return small.take(jax.device_get(towers(encoder, 1)), 0)


def heads(encoder, tasks=small.TASKS):
  """Random parameters of the heads."""
  scheme = small.scheme('single', encoder, tasks)
  params = small.params(scheme, small.inputs(encoder), seed=1)
  return {k: v for k, v in params.items() if k.startswith('head_')}


def tied(tower, n):
  """The same tower n times."""
  return jax.tree.map(lambda w: jnp.stack([w] * n), tower)


def cut(tower, at):
  """Stages below `at`, and the others, renumbered from 0."""
  stages = [tower[f'stage_{i}'] for i in range(len(tower))]
  parts = stages[:at], stages[at:]
  return [{f'stage_{i}': s for i, s in enumerate(part)} for part in parts]


def stitched(towers, alpha, encoder, **fields):
  """Layout of cross_stitch, every unit with the same `alpha` `[K, K]`."""
  tasks = (small.TASKS[0],) * len(alpha)
  scheme = small.scheme('cross_stitch', encoder, tasks, **fields)
  shapes = small.params(scheme, small.inputs(encoder))
  units = {
    name: jnp.broadcast_to(alpha[:, :, None], unit.shape)
    for name, unit in shapes.items()
    if 'stitch' in name
  }
  return units | {
    f'shared_tower_{i}': towers[f'stage_{i}'] for i in range(len(towers))
  }


def losses(name, encoder, tasks=small.TASKS, **fields):
  """`encoder and head parameters -> [K]` losses of a scheme."""
  scheme = small.scheme(name, encoder, tasks, **fields)
  function = small.losses(scheme, small.split(encoder, tasks), tasks)
  return lambda *parts: function(functools.reduce(dict.__or__, parts))


def assert_same(one, other, *arguments):
  """Both have the same losses and, argument for argument, gradients."""
  weights = jnp.array([1.0, -2.0, 0.5])

  def gradients(function, *arguments):
    def total(*arguments):
      values = function(*arguments)
      return weights[: len(values)] @ values, values

    every = tuple(range(len(arguments)))
    return jax.grad(total, every, has_aux=True)(*arguments)

  # In one program, whose halves share what is compiled.
  @jax.jit
  def both(*arguments):
    return gradients(one, *arguments), gradients(other, *arguments)

  actual, desired = jax.device_get(both(*arguments))
  small.close(actual, desired, 2e-5)
  sizes = [np.abs(leaf).max() for leaf in jax.tree.leaves(actual)]
  assert max(sizes) > 1e-3


@encoders
def test_hard_split_at_0_is_single(encoder):
  hard = losses('hard', encoder, split_at=0)
  single = losses('single', encoder)
  assert_same(
    lambda w, h: hard({'towers': w}, h),
    lambda w, h: single({'towers': w}, h),
    towers(encoder, K),
    heads(encoder),
  )


@encoders
def test_hard_split_behind_the_last_stage_is_hard(encoder):
  depth = len(small.stages(encoder))
  whole = losses('hard', encoder, split_at=depth)
  hard = losses('hard', encoder)
  assert_same(
    lambda w, h: whole({'shared_encoder': w}, h),
    lambda w, h: hard({'shared_encoder': w}, h),
    tower(encoder),
    heads(encoder),
  )


@encoders
def test_hard_is_tied_towers(encoder):
  hard, single = losses('hard', encoder), losses('single', encoder)
  assert_same(
    lambda w, h: hard({'shared_encoder': w}, h),
    lambda w, h: single({'towers': tied(w, K)}, h),
    tower(encoder),
    heads(encoder),
  )


@encoders
def test_hard_split_is_towers_tied_below(encoder):
  hard, single = losses('hard', encoder, split_at=1), losses('single', encoder)

  def actual(w, h):
    trunk, branch = small.take(cut(w, 1)[0], 0), cut(w, 1)[1]
    return hard({'shared_encoder': trunk, 'towers': branch}, h)

  def desired(w, h):
    first = tied(small.take(w['stage_0'], 0), K)
    return single({'towers': {**w, 'stage_0': first}}, h)

  assert_same(actual, desired, towers(encoder, K), heads(encoder))


@encoders
def test_cross_stitch_of_the_identity_is_single(encoder):
  stitch, single = losses('cross_stitch', encoder), losses('single', encoder)
  assert_same(
    lambda w, h: stitch(stitched(w, jnp.eye(K), encoder), h),
    lambda w, h: single({'towers': w}, h),
    towers(encoder, K),
    heads(encoder),
  )


@encoders
def test_cross_stitch_of_equal_shares_and_towers_is_hard(encoder):
  stitch, hard = losses('cross_stitch', encoder), losses('hard', encoder)
  shares = jnp.full((K, K), 1 / K)
  assert_same(
    lambda w, h: stitch(stitched(tied(w, K), shares, encoder), h),
    lambda w, h: hard({'shared_encoder': w}, h),
    tower(encoder),
    heads(encoder),
  )


def test_cross_stitch_per_stage_is_per_channel_repeated():
  alpha = small.params(small.scheme('cross_stitch'), small.inputs())
  alpha = alpha['stitch_1'][..., 0]
  channel = losses('cross_stitch', 'mlp')
  layer = losses('cross_stitch', 'mlp', per_channel=False)

  def units(w, alpha, **fields):
    return stitched(w, alpha, 'mlp', **fields)

  assert_same(
    lambda w, a, h: layer(units(w, a, per_channel=False), h),
    lambda w, a, h: channel(units(w, a), h),
    towers('mlp', K),
    alpha,
    heads('mlp'),
  )


def gates(encoder, experts):
  """Random gates, as the encoder's first summary calls for."""
  scheme = small.scheme('mmoe', encoder, num_experts=experts)
  return small.params(scheme, small.inputs(encoder))['gates']


def mixture(tower, experts, stem):
  """Layout of mmoe with tied experts above `stem` stages."""
  low, high = cut(tower, stem)
  shared = {'shared_experts': tied(high, experts)}
  return shared | ({'shared_stem': low} if stem else {})


@encoders
@pytest.mark.parametrize('experts', [1, 2])
def test_mmoe_of_equal_experts_is_hard(encoder, experts):
  """For any gates; one expert is the same."""
  stem = int(encoder != 'mlp')
  mmoe = losses('mmoe', encoder, num_experts=experts)
  hard = losses('hard', encoder)
  drawn = gates(encoder, experts)
  assert_same(
    lambda w, h: mmoe(mixture(w, experts, stem), {'gates': drawn}, h),
    lambda w, h: hard({'shared_encoder': w}, h),
    tower(encoder),
    heads(encoder),
  )


def test_gate_of_one_expert_has_no_gradient():
  scheme = small.scheme('mmoe', num_experts=1)
  split = small.split()
  params = small.params(scheme, split.inputs)
  gradients = jax.jit(jax.jacrev(small.losses(scheme, split)))(params)
  assert not gradients['gates'].any()
  assert gradients['shared_experts']['stage_0']['Dense_0']['kernel'].any()


def one_hot_gates(channels):
  """Task t takes expert t wherever the first channel is 1."""
  return jnp.zeros((K, channels, K)).at[:, 0].set(1000 * jnp.eye(K))


def test_mmoe_of_one_hot_gates_is_single():
  mmoe, single = (
    small.scheme('mmoe', num_experts=K),
    small.scheme('single'),
  )
  split = small.split()
  split = split._replace(inputs=split.inputs.at[:, 0].set(1))
  chosen = one_hot_gates(split.inputs.shape[1])
  assert_same(
    lambda w, h: small.losses(mmoe, split)(
      {'shared_experts': w, 'gates': chosen, **h}
    ),
    lambda w, h: small.losses(single, split)({'towers': w, **h}),
    towers('mlp', K),
    heads('mlp'),
  )


def test_mmoe_of_one_hot_gates_above_a_stem_is_split_hard():
  mmoe = losses('mmoe', 'mlp', num_experts=K, expert_from=1)
  hard = losses('hard', 'mlp', split_at=1)
  chosen = one_hot_gates(6)

  def parts(w):
    low, high = cut(w, 1)
    low = small.take(low, 0)
    # A bias alone makes the first channel of the stem 1 in every row.
    dense = low['stage_0']['Dense_0']
    kernel = dense['kernel'].at[:, 0].set(0)
    dense = {'kernel': kernel, 'bias': dense['bias'].at[0].set(1)}
    return {'stage_0': {'Dense_0': dense}}, high

  def actual(w, h):
    low, high = parts(w)
    shared = {'shared_stem': low, 'shared_experts': high}
    return mmoe(shared, {'gates': chosen}, h)

  def desired(w, h):
    low, high = parts(w)
    return hard({'shared_encoder': low, 'towers': high}, h)

  assert_same(actual, desired, towers('mlp', K), heads('mlp'))


def staged(tower, prefix='shared_stage'):
  """Layout of schemes that name their stages one by one."""
  return {f'{prefix}_{i}': tower[f'stage_{i}'] for i in range(len(tower))}


def zeros_besides(name, given, fields):
  """What else a scheme of one task learns, all 0."""
  scheme = small.scheme(name, tasks=small.TASKS[:1], **fields)
  shapes = small.params(scheme, small.inputs())
  return {
    key: jax.tree.map(jnp.zeros_like, tree)
    for key, tree in shapes.items()
    if key not in given and not key.startswith('head_')
  }


# Layouts of one task's tower, and fields.
ONE_TASK = {
  'adapters': (staged, {}),
  'cgc': (
    lambda w: {'experts': {'encoders': tied(tied(w, 1), 1)}},
    {'shared': 0},
  ),
  'cross_stitch': (lambda w: stitched(tied(w, 1), jnp.ones((1, 1)), 'mlp'), {}),
  'film': (staged, {}),
  'hard': (lambda w: {'shared_encoder': w}, {}),
  'hard_wide': (lambda w: {'shared_encoder': w}, {}),
  'ltb': (lambda w: staged(tied(w, 1), 'shared_nodes'), {}),
  'mmoe': (lambda w: mixture(w, 1, 0), {'num_experts': 1}),
  'omoe': (lambda w: mixture(w, 1, 0), {'num_experts': 1}),
  'single_small': (lambda w: {'towers': tied(w, 1)}, {}),
  'soft_l2': (lambda w: {'towers': tied(w, 1)}, {}),
  'soft_trace': (lambda w: {'towers': tied(w, 1)}, {}),
  'task_routing': (staged, {'keep': 1.0}),
}


@pytest.mark.parametrize('name', ONE_TASK)
def test_a_scheme_of_one_task_is_single(name):
  tasks = small.TASKS[:1]
  layout, fields = ONE_TASK[name]
  scheme = losses(name, 'mlp', tasks, **fields)
  single = losses('single', 'mlp', tasks)

  def actual(w, h):
    given = layout(w)
    return scheme(zeros_besides(name, given, fields) | given, h)

  assert_same(
    actual,
    lambda w, h: single({'towers': tied(w, 1)}, h),
    tower('mlp'),
    heads('mlp', tasks),
  )


@pytest.mark.parametrize('name', ['soft_l2', 'soft_trace'])
def test_soft_sharing_without_penalty_is_single(name):
  """And not with one: a training step differs."""
  split, key = small.split(), jax.random.key(0)

  @functools.partial(jax.jit, static_argnums=0)
  def stepped(name, penalty):
    system = small.system(name)
    hp = small.hp(penalty=penalty)
    state = small.start(system, split, hp)
    return small.train.step(system, hp, state, split, key)[0].params.tree

  small.close(stepped(name, 0.0), stepped('single', 0.0), 1e-6)
  coupled = stepped(name, 0.1)['towers']['stage_1']['Dense_0']['kernel']
  alone = stepped('single', 0.1)['towers']['stage_1']['Dense_0']['kernel']
  assert np.abs(coupled - alone).max() > 1e-3
