"""Progressive layered extraction: its levels, streams and gates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from tests import small
from tests.schemes import plain
from tests.schemes.test_reductions import (
  K,
  assert_same,
  encoders,
  heads,
  losses,
)
from tests.schemes.test_schemes import assert_partition

quick = small.quick


def deep(**fields):
  """Over an encoder of three stages."""
  stages = small.stages('mlp', widths=(6, 5, 4))
  return small.scheme('ple', **fields).clone(stages=stages)


def mixed(kernel, read, result):
  gate = special.softmax(read @ kernel, axis=1)
  return np.einsum('be,ebc->bc', gate, result), gate.mean(0)


def reference(params, x, depth):
  """Features of all tasks, and the mean gates of each level."""

  def named(what):
    return params.get(f'shared_{what}', params.get(what))

  streams, common, means = [x] * K, x, []
  for level in range(depth):
    shared = plain.encoders(params[f'shared_experts_{level}'], common)
    towers = named(f'task_experts_{level}')['encoders']
    own = [
      plain.encoders(small.take(towers, t), h) for t, h in enumerate(streams)
    ]
    kernels = named(f'gates_{level}')
    pairs = [
      mixed(kernels[t], streams[t], np.concatenate([own[t], shared]))
      for t in range(K)
    ]
    if level < depth - 1:
      every = np.concatenate([*own, shared])
      common, _ = mixed(params[f'shared_gate_{level}'], common, every)
    streams, level_means = (list(x) for x in zip(*pairs, strict=True))
    means.append(np.stack(level_means))
  return streams, means


@pytest.mark.parametrize(
  ('make', 'depth', 'fields'),
  [
    (lambda **f: small.scheme('ple', **f), 2, {}),
    (deep, 3, {'own': 2, 'shared': 2}),
  ],
)
def test_streams_pass_through_levels_of_experts(make, depth, fields):
  scheme, x = make(**fields), small.inputs()
  params = small.params(scheme, x)
  actual, kept = plain.applied(scheme, params, x)
  p, x = plain.host((params, x))
  features, means = reference(p, x, depth)
  small.close(actual, plain.heads(p, features), 1e-4)
  expected = {
    f'gate of level {i} (task, expert)': gate for i, gate in enumerate(means)
  } | {
    f'use of level {i} (expert)': gate.mean(0) for i, gate in enumerate(means)
  }
  small.close(dict(kept['intermediates']), expected, 1e-5)


@encoders
def test_one_level_is_cgc(encoder):
  ple = losses('ple', encoder, levels=1, own=2)
  cgc = losses('cgc', encoder, own=2)
  scheme = small.scheme('cgc', encoder, own=2)
  given = small.params(scheme, small.inputs(encoder))
  given = {k: v for k, v in given.items() if not k.startswith('head_')}
  names = {
    'experts': 'task_experts_0',
    'shared_experts': 'shared_experts_0',
    'gates': 'gates_0',
  }

  def actual(given, h):
    return ple({names.get(k, k): v for k, v in given.items()}, h)

  assert_same(actual, cgc, given, heads(encoder))


def test_names_of_three_levels_say_who_learns_them():
  """A task's stream meets another only through a shared gate further up."""
  scheme, split = deep(), small.split()
  draws = [small.params(scheme, split.inputs, seed) for seed in range(3)]
  gradients = jax.jit(jax.jacrev(small.losses(scheme, split)))
  result = [jax.device_get(gradients(params)) for params in draws]
  rows = jax.tree.map(lambda *x: sum(map(np.abs, x)), *result)
  assert_partition(draws[0], rows)
  private = {k for k in draws[0] if not k.startswith(('shared', 'head'))}
  assert private == {'task_experts_2', 'gates_1', 'gates_2'}
  # Nothing reads a shared stream behind the last level.
  assert 'shared_gate_2' not in draws[0]


def test_all_experts_of_a_level_stand_in_its_shared_gate():
  params = plain.start(small.scheme('ple', own=2), small.inputs())
  assert params['shared_gate_0'].shape == (5, 2 * K + 1)
  assert params['gates_0'].shape == (K, 5, 3)
  assert params['gates_1'].shape == (K, 6, 3)


def test_gates_start_near_equal_shares():
  params = plain.start(small.scheme('ple'), jnp.zeros((2, 400)))
  for name in ('gates_0', 'shared_gate_0'):
    plain.assert_normal(params[name], 0.01)


@pytest.mark.parametrize(
  ('levels', 'sizes'), [(-1, [1, 1, 1]), (3, [1, 1, 1]), (1, [3])]
)
def test_levels_cut_the_stages(levels, sizes):
  scheme = deep(levels=levels)
  parts = scheme.cut(0)
  assert [len(part) for part in parts] == sizes
  assert sum(parts, ()) == scheme.stages


def test_levels_are_as_even_as_they_can_be():
  stages = small.stages('mlp', widths=(6,) * 7)
  parts = small.scheme('ple', levels=3).clone(stages=stages).cut(1)
  assert sum(parts, ()) == stages[1:]
  assert [len(part) for part in parts] == [2, 2, 2]
  parts = small.scheme('ple', levels=2).clone(stages=stages).cut(0)
  assert sorted(len(part) for part in parts) == [3, 4]


@pytest.mark.parametrize('levels', [0, 3])
def test_levels_without_a_stage_are_refused(levels):
  said = f'levels={levels}: the encoder has 2 stages behind the stem'
  with pytest.raises(ValueError, match=said):
    small.scheme('ple', levels=levels).cut(0)


@pytest.mark.parametrize('field', ['own', 'shared'])
def test_a_level_needs_both_kinds_of_experts(field):
  with pytest.raises(ValueError, match=f'{field} is 0; take 1 or more'):
    small.scheme('ple', **{field: 0})
