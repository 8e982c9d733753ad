"""Encoders and heads in plain NumPy, and what a scheme starts with and records.

Written from the definitions alone, in double precision, for the mlp encoder.
"""

import functools

import jax
import numpy as np

from tests import small


def host(tree):
  """The same numbers in double precision."""
  return jax.tree.map(lambda x: np.asarray(x, np.float64), tree)


def dense(layer, h):
  return h @ layer['kernel'] + layer.get('bias', 0)


def encoder(tower, h):
  """Dense layers and ReLU, one per stage."""
  for i in range(len(tower)):
    h = np.maximum(dense(tower[f'stage_{i}']['Dense_0'], h), 0)
  return h


def encoders(towers, h):
  """Towers on axis 0 that all read the same: `[n, B, C]`."""
  count = len(jax.tree.leaves(towers)[0])
  return np.stack([encoder(small.take(towers, i), h) for i in range(count)])


def heads(params, features):
  return tuple(
    dense(params[f'head_{t}']['Dense_0'], h) for t, h in enumerate(features)
  )


def batch_norm(layer, h, stats=None):
  """By running statistics, or without them by those of the rows."""
  rows = h.reshape(-1, h.shape[-1])
  stats = stats or {'mean': rows.mean(0), 'var': rows.var(0)}
  h = (h - stats['mean']) / np.sqrt(stats['var'] + 1e-5)
  return h * layer['scale'] + layer['bias']


def statistics(scheme, x, seed=0):
  """Running statistics away from those of the start; variances above 0."""
  draw = np.random.default_rng(seed)
  return jax.tree.map(
    lambda leaf: np.float32(draw.uniform(0.3, 2, leaf.shape)),
    small.extra(scheme, x)['batch_stats'],
  )


@functools.partial(jax.jit, static_argnums=(0, 3))
def _applied(scheme, variables, x, train):
  kinds = ['intermediates', *(['batch_stats'] if train else [])]
  return scheme.apply(variables, x, train, mutable=kinds)


def applied(scheme, params, x, train=False, **carried):
  """Predictions, and the collections that the scheme wrote."""
  return _applied(scheme, {'params': params, **carried}, x, train)


def recorded(scheme, params, x, **carried):
  """Records and penalty of a scheme, by key."""
  return dict(applied(scheme, params, x, **carried)[1].get('intermediates', {}))


def start(scheme, x, seed=0):
  """Parameters as training begins with them."""
  return small.begun(scheme, x, seed)['params']


def starts(scheme, x, count):
  """Of so many seeds, on a new axis 0."""
  return jax.jit(jax.vmap(lambda seed: start(scheme, x, seed)))(
    np.arange(count)
  )


def assert_normal(drawn, deviation):
  """A few hundred numbers around 0 with this standard deviation."""
  drawn = np.asarray(drawn)
  assert abs(drawn.mean()) < 4 * deviation / np.sqrt(drawn.size)
  assert 0.85 < drawn.std() / deviation < 1.15
  # Neither uniform nor cut off at two deviations.
  assert np.abs(drawn).max() > 2 * deviation
