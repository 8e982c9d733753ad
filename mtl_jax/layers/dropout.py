"""Dropout whose mask is drawn once, however many gradients go through it."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class Dropout(nn.Module):
  """As `flax.linen.Dropout`: Srivastava et al., JMLR 2014.

  Its masks agree with those of Flax except for one number in 8 million. XLA
  recomputes cheap operations wherever their result is used, and a mask consists
  of additions and products only: the backward pass would draw it again, once
  per task if each task has a gradient of its own. Here the mask passes through
  a square root, which XLA treats as expensive and computes once. With PCGrad on
  five tasks a step takes two thirds of the time.

  Attributes:
    rate: share of numbers set to 0; the others are divided by 1 - rate.
    deterministic: whether the input is returned unchanged.
  """

  rate: float
  deterministic: bool

  @nn.compact
  def __call__(self, x: Float[Array, '...']) -> Float[Array, '...']:
    """The input with some numbers at 0, from the stream `dropout`."""
    if self.deterministic or self.rate == 0:
      return x
    if self.rate == 1:
      return jnp.zeros_like(x)
    keep = 1 - self.rate
    bits = jax.random.bits(self.make_rng('dropout'), x.shape, jnp.uint32)
    # As jax.random.bernoulli, without the conversion of bits to floats.
    keeps = bits < jnp.uint32(keep * 2**32)
    return x * jnp.sqrt(jnp.where(keeps, keep**-2, 0.0)).astype(x.dtype)
