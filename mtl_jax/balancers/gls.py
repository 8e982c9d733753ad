"""Geometric loss: the product of the losses is minimised."""

import jax.numpy as jnp

from mtl_jax.balancers import base


def make() -> base.Balancer:
  """Chennupati, Sistu, Yogamani, Rawashdeh, CVPR workshops 2019.

  The objective is the K-th root of the product of the losses, which must be
  positive; its gradient weighs task t by that root over `K L_t`.

  Returns:
    The balancer.
  """

  def update(losses, gram, state, key):
    del gram, key
    known = losses != 0  # A task without a label has loss 0 and is left out.
    logs = jnp.log(base.positive(losses))
    count = jnp.maximum(known.sum(), 1)
    return jnp.exp(logs.sum() / count - logs) / count, state

  return base.Balancer(lambda _: (), update, neutral=False, positive=True)
