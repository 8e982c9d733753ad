"""What holds for every sharing scheme with every encoder."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import layers
from mtl_jax.schemes import base
from mtl_jax.train import parameters
from tests import small

quick = small.quick

K = len(small.TASKS)

# Stages of these are those of resnet and lenet, and features of molecules have
# a mask as words do; a few schemes stand for all.
ALIKE = ('resnet18', 'lenet_sener_koltun', 'message_passing')
FEW = ('hard', 'cross_stitch', 'mtan', 'adashare')
PAIRS = [
  (name, encoder)
  for name in small.SCHEMES
  for encoder in small.ENCODERS
  if encoder not in ALIKE or name in FEW
]
# No stage behind the first keeps the shape of its features.
REFUSED = [('adashare', 'gru'), ('adashare', 'lstm')]
every = pytest.mark.parametrize(
  ('name', 'encoder'), [pair for pair in PAIRS if pair not in REFUSED]
)
# Vectors, images, and words with a mask beside them.
few = pytest.mark.parametrize(
  ('name', 'encoder'),
  [p for p in PAIRS if p not in REFUSED and p[1] in ('mlp', 'lenet', 'gru')],
)


@pytest.mark.parametrize(('name', 'encoder'), REFUSED)
def test_a_meaningless_pair_is_refused(name, encoder):
  scheme = small.scheme(name, encoder)
  with pytest.raises(ValueError, match='keep their shape'):
    jax.eval_shape(
      lambda: scheme.init(jax.random.key(0), small.inputs(encoder), False)
    )


@functools.cache
def jacobian(name, encoder, tasks=small.TASKS, rows=8, **fields):
  """Parameters, and how each task's loss depends on them, `[K, ...]`.

  As in training, and summed over three draws: a ReLU may be dead, or a gate
  shut, in one of them. The last is that gradient, to go on with.
  """
  split = small.split(encoder, tasks, rows)
  scheme = small.scheme(name, encoder, tasks, **fields)
  draws = [small.params(scheme, split.inputs, seed) for seed in range(3)]
  gradients = small.slopes(scheme, split, tasks)

  def sizes(weights):
    result = [gradients(p, weights, seed)[1] for seed, p in enumerate(draws)]
    return jax.tree.map(lambda *x: sum(map(np.abs, x)), *jax.device_get(result))

  rows = [sizes(weights) for weights in np.eye(K, dtype=np.float32)]
  return (
    jax.device_get(draws[0]),
    jax.tree.map(lambda *x: np.stack(x), *rows),
    gradients,
  )


def reaches(rows):
  """Which tasks reach any number of a leaf `[K, ...]`."""
  return (np.asarray(rows).reshape(K, -1) != 0).any(axis=1)


def owners(rows):
  """Which task reaches which slice of a stacked leaf: `[K, K]`."""
  return np.array([reaches(rows[:, t]) for t in range(rows.shape[1])])


def assert_partition(params, rows):
  for path, leaf in jax.tree_util.tree_leaves_with_path(params):
    name = path[0].key
    at = functools.reduce(lambda tree, p: tree[p.key], path, rows)
    where = jax.tree_util.keystr(path)
    reached = reaches(at).sum()
    if name.startswith('shared'):
      assert reached >= 2, where
    elif name.startswith('aux_'):
      assert reached == 0, where
    elif name.startswith('head_'):
      np.testing.assert_array_equal(reaches(at), np.arange(K) == int(name[5:]))
    elif reached != 1:
      assert leaf.shape[0] == K, where
      np.testing.assert_array_equal(owners(at), np.eye(K, dtype=bool), where)


@every
def test_names_say_who_reaches_a_parameter(name, encoder):
  """And a few steps downhill stay finite."""
  params, rows, gradients = jacobian(name, encoder)
  assert_partition(params, rows)
  ones, rate = np.ones(K, np.float32), np.float32(0.01)
  for seed in range(3):
    losses, gradient = jax.device_get(gradients(params, ones, seed))
    assert losses.shape == (K,)
    params = jax.tree.map(lambda p, g: p - rate * g, params, gradient)
  losses, _ = gradients(params, ones, 3)
  assert np.isfinite(losses).all()


PARTLY = [
  ('hard', {'split_at': 0}),
  ('hard', {'split_at': 1}),
  ('cross_stitch', {'stitch_after': (0,)}),
  ('cross_stitch', {'stitch_after': (0, 1), 'per_channel': False}),
  ('mmoe', {'expert_from': 1, 'num_experts': 2}),
  ('mmoe', {'tower_from': 1}),
  ('omoe', {'tower_from': 1}),
]


@pytest.mark.parametrize(('name', 'fields'), PARTLY)
def test_names_hold_for_other_fields(name, fields):
  assert_partition(*jacobian(name, 'mlp', **fields)[:2])


def test_split_cuts_by_name():
  params, _, _ = jacobian('cross_stitch', 'mlp')
  shared, private = base.split(params)
  assert {**shared, **private} == params
  assert all(name.startswith('shared') for name in shared)
  assert not any(name.startswith('shared') for name in private)


@few
def test_separate_towers_are_laid_out_by_task(name, encoder):
  """The contract of `per_tower`: what is given to task t is t's alone."""
  if not small.scheme(name, encoder).separate:
    pytest.skip('one model')
  params, rows, _ = jacobian(name, encoder)
  tasks = base.per_tower(params, jnp.arange(K))

  def check(at, owner):
    for t in range(K):
      other = np.broadcast_to(np.asarray(owner) != t, at[t].shape)
      assert not at[t][other].any()

  jax.tree.map(check, rows, tasks)
  norms = parameters.pack(small.take(rows, 1), K).norms
  assert (np.asarray(norms) > 0).tolist() == [False, True, False]


def test_tower_norms_equal_numpy():
  params, _, _ = jacobian('single', 'mlp')
  expected = [
    np.sqrt(
      sum(np.square(x[t]).sum() for x in jax.tree.leaves(params['towers']))
      + sum(np.square(x).sum() for x in jax.tree.leaves(params[f'head_{t}']))
    )
    for t in range(K)
  ]
  norms = parameters.pack(params, K).norms
  np.testing.assert_allclose(norms, expected, rtol=1e-5)
  whole = parameters.pack(params, 1).norms
  np.testing.assert_allclose(whole[0], np.linalg.norm(expected), rtol=1e-5)


def by_axes(name, leaf, order):
  """A parameter or a mask, for tasks in another order."""
  if 'stitch' in name or ('reduction' in name and leaf.ndim == 4):
    return leaf[order][:, order]
  if 'alpha' in name:  # [K, G, K, G]
    return leaf[order][:, :, order]
  by_task = not name.startswith('shared') or any(
    word in name
    for word in ('tower', 'task_experts', 'gates_', 'nodes', 'reduction')
  )
  return leaf[order] if by_task else leaf


def permuted(name, tree, order, scheme):
  """All of a top-level name."""
  if name.startswith('shared_gate_'):  # PLE's, of all tasks' experts and shared
    return np.concatenate([tree[:, order], tree[:, K:]], axis=1)
  if name == 'choice' or name.startswith('shared_choice'):
    return tree[order][:, order]
  if scheme == 'dmtrl' and name.startswith('own_factors'):
    return tree[order]
  return jax.tree.map(lambda leaf: by_axes(name, leaf, order), tree)


@few
def test_permuted_tasks_permute_the_predictions(name, encoder):
  order = np.array([2, 0, 1])
  x = small.inputs(encoder)
  scheme = small.scheme(name, encoder)
  other = scheme.clone(heads=tuple(scheme.heads[t] for t in order))
  params = jax.device_get(small.params(scheme, x))
  extra = jax.device_get(small.extra(scheme, x))
  moved = {
    key: permuted(key, tree, order, name)
    for key, tree in params.items()
    if not key.startswith('head_')
  } | {f'head_{i}': params[f'head_{t}'] for i, t in enumerate(order)}
  carried = {
    kind: {
      key: jax.tree.map(lambda leaf, k=key: by_axes(k, leaf, order), tree)
      for key, tree in trees.items()
    }
    for kind, trees in extra.items()
  }

  # In one program, whose halves share what is compiled.
  @jax.jit
  def both(one, two):
    return scheme.apply(one, x, False), other.apply(two, x, False)

  actual, desired = both(
    {'params': params, **extra}, {'params': moved, **carried}
  )
  assert [p.shape for p in actual] == [(8, t.num_outputs) for t in small.TASKS]
  for i, t in enumerate(order):
    np.testing.assert_allclose(desired[i], actual[t], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('name', small.SCHEMES)
def test_what_mixes_does_not_decay_and_what_encodes_does(name):
  params, _, _ = jacobian(name, 'mlp')
  scheme = small.scheme(name)
  encoders = (
    'tower',
    'encoder',
    'expert',
    'head_',
    'stage',
    'nodes',
    'subnets',
  )
  for key, tree in params.items():
    if any(word in key for word in encoders) and 'gate' not in key:
      assert scheme.group(key).decays, key
    elif not isinstance(tree, dict) and key.startswith(scheme.mix or '?'):
      assert not scheme.group(key).decays, key
  if scheme.mix:
    assert any(not scheme.group(key).decays for key in params)


@pytest.mark.parametrize('name', small.SCHEMES)
def test_towers_start_apart_unless_told_otherwise(name):
  scheme = small.scheme(name)
  start = small.begun(scheme, small.inputs())
  shared, private = base.split(start['params'])
  alike = getattr(scheme, 'same_init', False)
  for key, tree in {**shared, **private}.items():
    words = ('tower', 'experts', 'nodes', 'subnets')
    if not any(word in key for word in words):
      continue
    for kernel in jax.device_get(base.kernels(tree)):
      # A level of PLE may have a single shared expert.
      assert len(kernel) == 1 or (kernel[0] == kernel[1]).all() == alike


def test_dropout_differs_between_towers():
  scheme = small.scheme('single')
  stages = small.stages('mlp', dropout=0.5)
  scheme = scheme.clone(stages=stages, heads=(scheme.heads[0],) * 2)
  x = small.inputs()
  params = small.params(scheme, x)
  tied = {
    'towers': jax.tree.map(lambda w: jnp.stack([w[0], w[0]]), params['towers']),
    'head_0': params['head_0'],
    'head_1': params['head_0'],
  }
  rngs = {'dropout': jax.random.key(0)}
  apply = jax.jit(scheme.apply, static_argnums=2)
  a, b = apply({'params': tied}, x, True, rngs=rngs)
  assert (a != b).any()
  a, b = apply({'params': tied}, x, False)
  np.testing.assert_allclose(a, b, rtol=1e-5)


def test_summary_is_the_mean_over_what_is_no_padding():
  values = jnp.arange(12.0).reshape(2, 3, 2)
  mask = jnp.array([[True, True, False], [False, False, False]])
  actual = base.summary(layers.Sequence(values, mask))
  np.testing.assert_array_equal(actual, [[1, 2], [0, 0]])
  np.testing.assert_array_equal(
    base.summary(values[:, None]), values.mean(axis=1)
  )
