"""Sluice networks: subspaces, skip connections, and what keeps them apart."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests import small
from tests.schemes import plain
from tests.schemes.test_reductions import K, assert_same, heads

quick = small.quick

ALPHAS = ('shared_alpha_0', 'alpha_1')


def scheme(name='sluice', widths=(4, 4), tasks=small.TASKS, **fields):
  """Over stages of one shape, so that both are read."""
  stages = small.stages('mlp', widths=widths)
  return small.scheme(name, tasks=tasks, **fields).clone(stages=stages)


def losses(name, **fields):
  function = small.losses(scheme(name, **fields), small.split())
  return lambda towers, units, heads: function({**towers, **units, **heads})


def towers():
  params = small.params(scheme('single'), small.inputs())
  return params['towers']


def renamed(towers):
  return {f'shared_tower_{i}': towers[f'stage_{i}'] for i in range(2)}


def exchanged(alpha, h, subspaces):
  """Equation 2, one subspace at a time; they are neighbours."""
  parts = [p for tower in h for p in np.split(tower, subspaces, axis=-1)]
  alpha = alpha.reshape(len(parts), len(parts))
  mixed = [sum(a * p for a, p in zip(row, parts, strict=True)) for row in alpha]
  rows = [mixed[t * subspaces : (t + 1) * subspaces] for t in range(len(h))]
  return [np.concatenate(row, axis=-1) for row in rows]


@pytest.mark.parametrize(
  ('widths', 'read'), [((4, 4), 2), ((6, 4), 1)], ids=['alike', 'narrower']
)
def test_subspaces_mix_and_a_task_reads_the_stages_of_one_shape(widths, read):
  sluice, x = scheme(widths=widths), small.inputs()
  params = small.params(sluice, x)
  actual, kept = plain.applied(sluice, params, x)
  p, x = plain.host((params, x))
  h, outputs = [x] * K, []
  for i, name in enumerate(ALPHAS):
    tower = p[f'shared_tower_{i}']
    layers = [{'stage_0': small.take(tower, t)} for t in range(K)]
    h = [plain.encoder(layers[t], h[t]) for t in range(K)]
    h = exchanged(p[name], h, 2)
    outputs.append(h)
  assert p['beta'].shape == (K, read)
  features = [
    sum(b * o[t] for b, o in zip(p['beta'][t], outputs[-read:], strict=True))
    for t in range(K)
  ]
  small.close(actual, plain.heads(p, features), 1e-4)
  expected = {
    f'alpha of stage {i} (task, tower)': p[name].mean((1, 3))
    for i, name in enumerate(ALPHAS)
  } | {'beta (task, stage)': p['beta']}
  small.close(dict(kept['intermediates']), expected, 1e-5)


def last_stage():
  """Every task reads its tower's end alone."""
  return jnp.tile(jnp.array([0.0, 1.0]), (K, 1))


def test_one_subspace_is_a_cross_stitch_per_stage():
  sluice = losses('sluice', subspaces=1)
  stitch = losses('cross_stitch', per_channel=False)
  drawn = np.random.default_rng(0).normal(0, 0.5, (2, K, K))
  alpha = jnp.array(drawn, jnp.float32)

  def actual(w, alpha, h):
    units = {n: a[:, None, :, None] for n, a in zip(ALPHAS, alpha, strict=True)}
    return sluice(renamed(w), units | {'beta': last_stage()}, h)

  def desired(w, alpha, h):
    names = ('shared_stitch_0', 'stitch_1')
    units = {n: a[..., None] for n, a in zip(names, alpha, strict=True)}
    return stitch(renamed(w), units, h)

  assert_same(actual, desired, towers(), alpha, heads('mlp'))


def test_subspaces_that_keep_to_themselves_are_single():
  sluice, single = losses('sluice'), losses('single')
  own = jnp.eye(2 * K).reshape(K, 2, K, 2)
  units = dict.fromkeys(ALPHAS, own) | {'beta': last_stage()}
  assert_same(
    lambda w, h: sluice(renamed(w), units, h),
    lambda w, h: single({'towers': w}, {}, h),
    towers(),
    heads('mlp'),
  )


@pytest.mark.parametrize(
  ('num_tasks', 'subspaces'), [(1, 1), (1, 2), (2, 2), (3, 2)]
)
def test_rows_start_at_a_sum_of_1(num_tasks, subspaces):
  tasks = (small.TASKS[0],) * num_tasks
  sluice = scheme(tasks=tasks, subspaces=subspaces)
  params = plain.start(sluice, small.inputs())
  parts = num_tasks * subspaces
  for name in ALPHAS:
    assert params[name].shape == (num_tasks, subspaces) * 2
    alpha = np.asarray(params[name]).reshape(parts, parts)
    np.testing.assert_allclose(alpha.sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(alpha.diagonal(), 0.9 if parts > 1 else 1)
    others = alpha[~np.eye(parts, dtype=bool)]
    np.testing.assert_allclose(others, 0.1 / max(parts - 1, 1), rtol=1e-5)
  np.testing.assert_array_equal(params['beta'], np.full((num_tasks, 2), 0.5))


@pytest.mark.parametrize('subspaces', [2, 3])
def test_overlap_of_the_kernels_of_two_subspaces_is_penalized(subspaces):
  sluice = scheme(widths=(6, 6), subspaces=subspaces, orthogonality=0.2)
  params = small.params(sluice, small.inputs())
  expected = sum(
    np.square(one.T @ other).sum()
    for i in range(2)
    for kernel in plain.host(params)[f'shared_tower_{i}']['Dense_0']['kernel']
    for one, other in itertools.combinations(
      np.split(kernel, subspaces, axis=1), 2
    )
  )
  recorded = plain.recorded(sluice, params, small.inputs())
  np.testing.assert_allclose(recorded['penalty'], 0.2 * expected, rtol=1e-5)


def test_gates_of_a_cell_count_as_inputs_of_its_channels():
  """Channel c of an LSTM is written by column c of each gate."""
  sluice = small.scheme('sluice', 'lstm', orthogonality=0.2)
  words = small.inputs('lstm')
  params = small.params(sluice, words)
  p = plain.host(params)
  expected = 0
  for t in range(K):
    words_kernel = p['shared_tower_0']['Embed_0']['embedding'][t]
    cell = p['shared_tower_1']['LSTM_0']['recurrent_kernel'][t]
    by_channel = np.concatenate(np.split(cell, 4, axis=1))  # [4 * inputs, C]
    for kernel in (words_kernel, by_channel):
      one, other = np.split(kernel, 2, axis=1)
      expected += np.square(one.T @ other).sum()
  recorded = plain.recorded(sluice, params, words)
  np.testing.assert_allclose(recorded['penalty'], 0.2 * expected, rtol=1e-5)


def test_kernels_without_overlap_cost_nothing():
  """Subspaces of different channels; by default there is no penalty."""
  sluice, x = scheme(orthogonality=0.2), small.inputs()
  params = jax.tree.map(np.array, small.params(sluice, x))
  for i in range(2):
    kernel = params[f'shared_tower_{i}']['Dense_0']['kernel']
    kernel[:, :2, :2] = 0
    kernel[:, 2:, 2:] = 0
  assert plain.recorded(sluice, params, x)['penalty'] == 0
  assert 'penalty' not in plain.recorded(scheme(), params, x)


def test_channels_that_do_not_divide_are_refused():
  sluice = scheme(widths=(6, 4), subspaces=4)
  said = '6 channels of stage 0 do not divide into subspaces=4'
  with pytest.raises(ValueError, match=said):
    jax.eval_shape(
      lambda: sluice.init(jax.random.key(0), small.inputs(), False)
    )
