"""Customized gate control: own and shared experts behind one gate per task."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from tests import small
from tests.schemes import plain
from tests.schemes.test_reductions import (
  K,
  assert_same,
  encoders,
  heads,
  losses,
  towers,
)

quick = small.quick


def layout(encoder, tasks=small.TASKS, **fields):
  """Random parameters but for those of the heads."""
  scheme = small.scheme('cgc', encoder, tasks, **fields)
  params = small.params(scheme, small.inputs(encoder))
  return {k: v for k, v in params.items() if not k.startswith('head_')}


def test_a_gate_mixes_own_and_shared_experts():
  scheme, x = small.scheme('cgc', own=2, shared=1), small.inputs()
  params = small.params(scheme, x)
  actual, kept = plain.applied(scheme, params, x)
  p, x = plain.host((params, x))
  scores = np.einsum('bc,tce->bte', x, p['gates'])
  gate = special.softmax(scores, axis=-1)  # own experts come first
  features = []
  for t in range(K):
    own = small.take(p['experts']['encoders'], t)
    result = np.concatenate(
      [plain.encoders(own, x), plain.encoders(p['shared_experts'], x)]
    )
    features.append(np.einsum('be,ebc->bc', gate[:, t], result))
  small.close(actual, plain.heads(p, features), 1e-4)
  expected = {
    'gate (task, expert)': gate.mean(0),
    'entropy (task)': stats.entropy(gate, axis=-1).mean(0),
    'use (expert)': gate.mean((0, 1)),
  }
  small.close(dict(kept['intermediates']), expected, 1e-5)


@encoders
def test_without_own_experts_it_is_mmoe(encoder):
  cgc = losses('cgc', encoder, own=0, shared=2)
  mmoe = losses('mmoe', encoder, num_experts=2)
  given = layout(encoder, own=0, shared=2)
  assert_same(cgc, mmoe, given, heads(encoder))


def test_without_shared_experts_it_is_single():
  """Whatever the gates, which have one expert to choose from."""
  cgc = losses('cgc', 'mlp', own=1, shared=0)
  single = losses('single', 'mlp')
  gates = layout('mlp', own=1, shared=0)['gates']
  assert_same(
    lambda w, h: cgc({'experts': {'encoders': apart(w)}, 'gates': gates}, h),
    lambda w, h: single({'towers': w}, h),
    towers('mlp', K),
    heads('mlp'),
  )


def apart(towers):
  """Towers `[K, ...]` as one expert for each task `[K, 1, ...]`."""
  return jax.tree.map(lambda w: w[:, None], towers)


def test_without_shared_experts_above_a_stem_it_is_split_hard():
  cgc = losses('cgc', 'lstm', own=1, shared=0)
  hard = losses('hard', 'lstm', split_at=1)
  given = layout('lstm', own=1, shared=0)

  def desired(given, h):
    stem = given['shared_stem']
    branch = jax.tree.map(lambda w: w[:, 0], given['experts']['encoders'])
    return hard({'shared_encoder': stem, 'towers': branch}, h)

  assert_same(cgc, desired, given, heads('lstm'))


def test_for_one_task_it_is_mmoe_of_all_experts():
  tasks = small.TASKS[:1]
  cgc = losses('cgc', 'mlp', tasks)
  mmoe = losses('mmoe', 'mlp', tasks, num_experts=2)

  def desired(given, h):
    every = jax.tree.map(
      lambda own, shared: jnp.concatenate([own[0], shared]),
      given['experts']['encoders'],
      given['shared_experts'],
    )
    return mmoe({'shared_experts': every, 'gates': given['gates']}, h)

  assert_same(cgc, desired, layout('mlp', tasks), heads('mlp', tasks))


def test_gates_start_near_equal_shares():
  params = plain.start(small.scheme('cgc'), jnp.zeros((2, 400)))
  assert params['gates'].shape == (K, 400, 2)
  plain.assert_normal(params['gates'], 0.01)


@pytest.mark.parametrize(('own', 'shared'), [(0, 0), (-1, 2), (2, -1)])
def test_a_task_without_expert_is_refused(own, shared):
  said = f'own={own}, shared={shared}: a task needs an expert'
  with pytest.raises(ValueError, match=said):
    small.scheme('cgc', own=own, shared=shared)


@pytest.mark.parametrize(
  ('encoder', 'cut', 'remedy'),
  [('lenet', 0, 'set expert_from=1'), ('mlp', 2, 'the encoder has 2')],
)
def test_where_experts_cannot_begin_is_refused(encoder, cut, remedy):
  scheme = small.scheme('cgc', encoder, expert_from=cut)
  with pytest.raises(ValueError, match=remedy):
    jax.eval_shape(
      lambda: scheme.init(jax.random.key(0), small.inputs(encoder), False)
    )
