"""Gradient sign dropout: each coordinate follows one sign of its gradients."""

import jax
import jax.numpy as jnp

from mtl_jax.balancers import base

RANGES = {'leak': base.Range(0.0, 0.9)}


def make(leak: base.Number = 0.0) -> base.Balancer:
  """Chen et al., NeurIPS 2020, arXiv:2010.06808.

  On the gradients of parameters; the paper takes those of features.

  Args:
    leak: share of a task's gradient that is kept in any case; 1 is `equal`.
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
  """The sum of `rows` `[K, ...]`, of each number the signs that were drawn.

  A coordinate keeps its positive gradients where its purity, the share of
  positive ones in all of its length, is above the number that was drawn for
  it, and the negative ones where it is below.
  """
  length = jnp.abs(rows).sum(0)
  purity = (1 + rows.sum(0) / jnp.where(length > 0, length, 1)) / 2
  kept = jnp.where(rows > 0, purity > drawn, purity < drawn)
  return (leak * rows + (1 - leak) * jnp.where(kept, rows, 0)).sum(0)
