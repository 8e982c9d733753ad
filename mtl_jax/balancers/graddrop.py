"""Gradient sign dropout: each coordinate follows one sign of its gradients."""

import jax
import jax.numpy as jnp

from mtl_jax.balancers import base

RANGES = {'leak': base.Range(0.0, 0.9)}


def make(leak: base.Number = 0.0) -> base.Balancer:
  """Chen et al., NeurIPS 2020, arXiv:2010.06808.

  Applied to the gradients of parameters; the paper applies it to those of
  features.

  Args:
    leak: fraction of each gradient that is never dropped; 1 is `equal`.

  Returns:
    The balancer.

  Raises:
    ValueError: `leak` is not between 0 and 1.
  """
  base.within(0, 1, leak=leak)

  def update(losses, rows, state, key):
    del losses
    leaves, tree = jax.tree.flatten(rows)
    keys = jax.random.split(key, len(leaves))
    dropped = [
      drop(g, jax.random.uniform(k, g.shape[1:]), leak)
      for k, g in zip(keys, leaves, strict=True)
    ]
    return jax.tree.unflatten(tree, dropped), state

  return base.Balancer(lambda *_: (), update, needs_grads=True)


def drop(rows, drawn, leak):
  """Sums gradients after dropping one sign in each coordinate.

  A coordinate's purity is `(1 + sum of g_i / sum of |g_i|) / 2`. Positive
  gradients remain where it is above the uniform number drawn for the
  coordinate, negative ones where it is below.

  Args:
    rows: `[K, ...]`.
    drawn: `[...]`, uniform in [0, 1).
    leak: fraction that is never dropped.

  Returns:
    `[...]`, the sum over tasks.
  """
  total = jnp.abs(rows).sum(0)
  # All gradients may be 0 in a coordinate, so the divisor is replaced there.
  purity = (1 + rows.sum(0) / jnp.where(total > 0, total, 1)) / 2
  mask = jnp.where(rows > 0, purity > drawn, purity < drawn)
  return (leak * rows + (1 - leak) * jnp.where(mask, rows, 0)).sum(0)
