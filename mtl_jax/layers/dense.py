"""Dense layers whose products stay fast when mapped over towers."""

import flax.linen as nn
from jaxtyping import Array, Float

from mtl_jax.layers.matmul import matmul

START = nn.initializers.lecun_normal()  # of kernels


class Dense(nn.Module):
  """`x @ kernel + bias` over the last axis; parameters as in `nn.Dense`.

  Attributes:
    features: number of output channels.
  """

  features: int

  @nn.compact
  def __call__(self, x: Float[Array, '*rows channels'], weights_only=False):
    """`[*rows, features]`, or kernel and bias if `weights_only`."""
    shape = x.shape[-1], self.features
    kernel = self.param('kernel', START, shape)
    bias = self.param('bias', nn.initializers.zeros, (self.features,))
    if weights_only:
      return kernel, bias
    flat = affine(x.reshape(-1, x.shape[-1]), kernel, bias)
    return flat.reshape(*x.shape[:-1], self.features)


def affine(
  x: Float[Array, 'm k'], kernel: Float[Array, 'k n'], bias: Float[Array, 'n']
) -> Float[Array, 'm n']:
  """`x @ kernel + bias`, with the gradients of `matmul`.

  Args:
    x: rows.
    kernel: weights.
    bias: one number per output channel.

  Returns:
    One row per row of `x`.
  """
  return matmul(x, kernel) + bias[None]
