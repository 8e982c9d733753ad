"""NDDR: what its units compute, how they start, what they can become."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

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

UNITS = ('shared_reduction_0', 'reduction_1')


def reduced(params, stats, h):
  """One unit on `[K, B, C]`, and the moments that it normalised by."""
  mixed = np.einsum('sbc,tscd->tbd', h, params['kernel'])
  moments = [{'mean': m.mean(0), 'var': m.var(0)} for m in mixed]
  norms = [small.take(params['BatchNorm_0'], t) for t in range(K)]
  used = moments if stats is None else [small.take(stats, t) for t in range(K)]
  result = [
    plain.batch_norm(*rest) for rest in zip(norms, mixed, used, strict=True)
  ]
  return np.maximum(result, 0), small.pile(moments)


def reference(params, x, stats=None):
  """Features of all tasks, and the moments of each unit's rows."""
  h, moments = np.stack([x] * K), {}
  for i, unit in enumerate(UNITS):
    dense = params[f'shared_tower_{i}']['Dense_0']
    h = np.maximum(h @ dense['kernel'] + dense['bias'][:, None], 0)
    own = None if stats is None else stats[unit]['BatchNorm_0']
    h, moments[unit] = reduced(params[unit], own, h)
  return h, moments


def test_a_unit_is_a_product_a_normalisation_and_relu():
  scheme, x = small.scheme('nddr'), small.inputs()
  params, stats = small.params(scheme, x), plain.statistics(scheme, x)
  actual, kept = plain.applied(scheme, params, x, batch_stats=stats)
  p, s, x = plain.host((params, stats, x))
  small.close(actual, plain.heads(p, reference(p, x, s)[0]), 1e-4)
  shares = {
    f'own channels of stage {i} (task, tower)': np.trace(
      p[unit]['kernel'], axis1=2, axis2=3
    )
    / p[unit]['kernel'].shape[-1]
    for i, unit in enumerate(UNITS)
  }
  small.close(dict(kept['intermediates']), shares, 1e-5)


def test_in_training_each_task_is_normalised_by_its_own_rows():
  """And remembers 0.95 of the moments it had."""
  scheme, x = small.scheme('nddr'), small.inputs()
  params, stats = small.params(scheme, x), plain.statistics(scheme, x)
  actual, kept = plain.applied(scheme, params, x, True, batch_stats=stats)
  p, s, x = plain.host((params, stats, x))
  features, moments = reference(p, x)
  small.close(actual, plain.heads(p, features), 1e-3)
  for unit in UNITS:
    result, before = kept['batch_stats'][unit], s[unit]['BatchNorm_0']
    expected = jax.tree.map(
      lambda old, new: 0.95 * old + 0.05 * new, before, dict(moments[unit])
    )
    small.close(result, {'BatchNorm_0': expected}, 1e-4)


def test_padding_has_no_part_in_the_moments():
  scheme = small.scheme('nddr', 'lstm')
  words = jnp.array([[3, 1, 2], [4, 5, 0], [6, 0, 0]])
  longer = jnp.pad(words, [(0, 0), (0, 2)])
  params, stats = small.params(scheme, words), plain.statistics(scheme, words)
  short, long = (
    plain.applied(scheme, params, x, True, batch_stats=stats)
    for x in (words, longer)
  )
  small.close(short, long, 1e-4)


def layout(towers, alpha):
  """Units `alpha` `{stage: [K, K, C]}` on the diagonals of their blocks."""
  units = {
    UNITS[i]: {'kernel': a[..., None] * jnp.eye(a.shape[-1])[None, None]}
    for i, a in enumerate(alpha)
  }
  return units | {f'shared_tower_{i}': towers[f'stage_{i}'] for i in range(2)}


def widths(encoder):
  """Channels of both stages."""
  return {'mlp': (6, 4), 'lstm': (4, 6)}[encoder]


@encoders
def test_nddr_of_the_identity_is_single(encoder):
  """Without what comes behind the product."""
  nddr = losses('nddr', encoder, norm='none', relu=False)
  single = losses('single', encoder)
  own = [jnp.repeat(jnp.eye(K)[..., None], c, 2) for c in widths(encoder)]
  assert_same(
    lambda w, h: nddr(layout(w, own), h),
    lambda w, h: single({'towers': w}, h),
    towers(encoder, K),
    heads(encoder),
  )


@encoders
def test_nddr_of_diagonal_blocks_is_cross_stitch(encoder):
  """One alpha per channel, with the same gradients."""
  nddr = losses('nddr', encoder, norm='none', relu=False)
  stitch = losses('cross_stitch', encoder)
  scheme = small.scheme('cross_stitch', encoder)
  given = small.params(scheme, small.inputs(encoder))
  alpha = [given['shared_stitch_0'], given['stitch_1']]

  def desired(w, alpha, h):
    units = {'shared_stitch_0': alpha[0], 'stitch_1': alpha[1]}
    return stitch(
      units | {f'shared_tower_{i}': w[f'stage_{i}'] for i in range(2)}, h
    )

  assert_same(
    lambda w, alpha, h: nddr(layout(w, alpha), h),
    desired,
    towers(encoder, K),
    alpha,
    heads(encoder),
  )


def test_relu_is_what_keeps_features_from_falling_below_0():
  """A unit of minus the identity: with it, every head reads 0."""
  own = [-jnp.repeat(jnp.eye(K)[..., None], c, 2) for c in (6, 4)]
  params = layout(towers('mlp', K), own) | heads('mlp')
  zero = plain.heads(plain.host(params), [np.zeros((8, 4))] * K)
  for relu in (True, False):
    scheme = small.scheme('nddr', norm='none', relu=relu)
    result, _ = plain.applied(scheme, params, small.inputs())
    gaps = [np.abs(f - z).max() for f, z in zip(result, zero, strict=True)]
    assert max(gaps) < 1e-6 if relu else max(gaps) > 0.1


@pytest.mark.parametrize('num_tasks', [1, 2, 3])
def test_units_start_as_shares_that_sum_to_1(num_tasks):
  """As cross-stitch: of one task alone there is nothing to give away."""
  tasks = (small.TASKS[0],) * num_tasks
  params = plain.start(small.scheme('nddr', tasks=tasks), small.inputs())
  own = 0.9 if num_tasks > 1 else 1
  shares = np.full((num_tasks, num_tasks), (1 - own) / max(num_tasks - 1, 1))
  np.fill_diagonal(shares, own)
  for name, channels in zip(UNITS, (6, 4), strict=True):
    np.testing.assert_allclose(
      params[name]['kernel'],
      np.einsum('ts,cd->tscd', shares, np.eye(channels)),
      rtol=1e-5,
    )
    norm = params[name]['BatchNorm_0']
    np.testing.assert_array_equal(norm['scale'], np.ones((num_tasks, channels)))
    np.testing.assert_array_equal(norm['bias'], np.zeros((num_tasks, channels)))


def test_an_unknown_norm_is_refused():
  with pytest.raises(ValueError, match="norm is 'layer'; take batch or none"):
    small.scheme('nddr', norm='layer')
