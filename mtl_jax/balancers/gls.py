"""Geometric loss: the product of the losses is minimised."""

import jax.numpy as jnp

from mtl_jax.balancers import base


def make() -> base.Balancer:
  """Chennupati, Sistu, Yogamani, Rawashdeh, CVPR workshops 2019.

  The K-th root of the product of losses, which must be positive.
  """

  def update(losses, gram, state, key):
    del gram, key
    logs = jnp.log(base.positive(losses))
    return jnp.exp(logs.mean() - logs) / len(losses), state

  return base.Balancer(lambda _: (), update, neutral=False, positive=True)
