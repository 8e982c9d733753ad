"""Aligned gradients: the principal components of all are made of one length."""

import jax.numpy as jnp

from mtl_jax.balancers import base, solvers

SCALES = ('min', 'median', 'rmse')

RANGES = {'scale': SCALES}


def make(scale: str = 'min') -> base.Balancer:
  """Senushkin, Patakin, Kuznetsov, Konushin, CVPR 2023, arXiv:2305.19000.

  Args:
    scale: the components' new variance: the least, the (lower) median or the
      mean (rmse) of what they are.
  """
  if scale not in SCALES:
    raise ValueError(f'scale is {scale!r}; take one of {", ".join(SCALES)}')

  def update(losses, gram, state, key):
    del key
    return len(losses) * weigh(gram, scale), state

  return base.Balancer(lambda _: (), update, needs_gram=True)


def weigh(gram: base.Gram, scale: str) -> base.Weights:
  """Weights as published, of the mean of the aligned gradients."""
  values, vectors, kept = solvers.eigen(gram)
  rank = kept.sum()
  if scale == 'rmse':
    new = jnp.where(kept, values, 0).sum() / rank
  else:
    ranked = jnp.sort(jnp.where(kept, values, jnp.inf))
    new = ranked[0] if scale == 'min' else ranked[(rank - 1) // 2]
  inverse = jnp.where(kept, 1 / jnp.sqrt(jnp.where(kept, values, 1)), 0)
  inside = vectors.mean(0) * inverse  # V' u over the roots
  return jnp.sqrt(new) * jnp.matmul(vectors, inside, precision='highest')
