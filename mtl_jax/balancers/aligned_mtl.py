"""Aligned gradients: all principal components are scaled to one length."""

import jax.numpy as jnp

from mtl_jax.balancers import base, solvers

SCALES = ('min', 'median', 'rmse')

RANGES = {'scale': SCALES}


def make(scale: str = 'min') -> base.Balancer:
  """Senushkin, Patakin, Kuznetsov, Konushin, CVPR 2023, arXiv:2305.19000.

  Args:
    scale: the new eigenvalue of all components: the minimum, the lower median
      or the mean ('rmse') of their own.

  Returns:
    The balancer.

  Raises:
    ValueError: `scale` is none of these.
  """
  if scale not in SCALES:
    raise ValueError(f'scale is {scale!r}; take one of {", ".join(SCALES)}')

  def update(losses, gram, state, key):
    del key
    return len(losses) * weigh(gram, scale), state

  return base.Balancer(lambda _: (), update, needs_gram=True)


def weigh(gram: base.Gram, scale: str) -> base.Weights:
  """Weights as published, before scaling to the sum of gradients.

  Args:
    gram: `[K, K]`.
    scale: as for `make`.

  Returns:
    `[K]`, the weights of the mean of the aligned gradients.
  """
  values, vectors, nonzero = solvers.eigen(gram)
  # The rank is traced, so components of eigenvalue 0 are masked, not cut off.
  rank = nonzero.sum()
  if scale == 'rmse':
    new = jnp.where(nonzero, values, 0).sum() / rank
  else:
    ranked = jnp.sort(jnp.where(nonzero, values, jnp.inf))
    new = ranked[0] if scale == 'min' else ranked[(rank - 1) // 2]
  inverse = jnp.where(nonzero, 1 / jnp.sqrt(jnp.where(nonzero, values, 1)), 0)
  inside = vectors.mean(0) * inverse  # Lambda^(-1/2) V' u, u = 1 / K
  return jnp.sqrt(new) * jnp.matmul(vectors, inside, precision='highest')
