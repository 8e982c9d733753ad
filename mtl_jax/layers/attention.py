"""Self-attention over padded sequences."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from mtl_jax.layers.dropout import Dropout
from mtl_jax.layers.sequence import Sequence

Heads = Float[Array, 'batch length heads channels']


def attend(
  queries: Heads,
  keys: Heads,
  values: Heads,
  mask: Bool[Array, 'batch length'],
) -> Heads:
  """Scaled dot-product attention to unpadded words, arXiv:1706.03762, eq. 1.

  The softmax is in float32. If a row is all padding, its words attend
  equally to each other: values and gradients are finite.

  Args:
    queries: of each word and head.
    keys: of each word and head.
    values: of each word and head.
    mask: True where there is no padding.

  Returns:
    The weighted means of the values.
  """
  queries, keys, values = (
    x.swapaxes(1, 2) for x in (queries, keys, values)
  )  # [B, heads, L, channels]
  pairs = (((3,), (3,)), ((0, 1), (0, 1)))
  scores = lax.dot_general(
    queries, keys, pairs, preferred_element_type=jnp.float32
  )
  # Not -inf: the softmax of a row that is all padding would be NaN.
  scores = jnp.where(
    mask[:, None, None, :], scores * queries.shape[-1] ** -0.5, -1e30
  )
  weights = jax.nn.softmax(scores).astype(values.dtype)
  return (weights @ values).swapaxes(1, 2)


@jax.custom_vjp
def product(
  x: Float[Array, 'rows channels'], kernel: Float[Array, 'channels width']
) -> Float[Array, 'rows width']:
  """`x @ kernel`, with a faster order of the gradient of the kernel.

  On a CPU the sum over rows takes up to twice as long if the result has more
  rows than columns.

  Args:
    x: left operand.
    kernel: right operand.

  Returns:
    The product.
  """
  return x @ kernel


def _product_forward(x, kernel):
  return x @ kernel, (x, kernel)


def _product_backward(residuals, cotangent):
  x, kernel = residuals
  over_rows = (((0,), (0,)), ((), ()))
  if x.shape[1] <= cotangent.shape[1]:
    kernel_cotangent = lax.dot_general(x, cotangent, over_rows)
  else:
    # The barrier prevents XLA from undoing the transposition.
    turned = lax.dot_general(cotangent, x, over_rows)
    kernel_cotangent = lax.optimization_barrier(turned).T
  return cotangent @ kernel.T, kernel_cotangent


product.defvjp(_product_forward, _product_backward)


def _dense(width, x, name=None):
  """A dense layer in the dtype of `x`, with rows and words as one axis."""

  def multiply(x, kernel, *_, **__):
    rows = product(x.reshape(-1, x.shape[-1]), kernel)
    return rows.reshape(*x.shape[:-1], width)

  return nn.Dense(width, dtype=x.dtype, dot_general=multiply, name=name)


class SelfAttention(nn.Module):
  """Multi-head self-attention: `[B, L, width]`.

  Attributes:
    heads: number of heads; it divides the channels.
  """

  heads: int

  @nn.compact
  def __call__(
    self, sequence: Sequence
  ) -> Float[Array, 'batch length channels']:
    x, mask = sequence
    width = x.shape[-1]
    # Queries, keys and values of all heads are one product.
    projected = _dense(3 * width, x, name='inputs')(x)
    by_head = (*x.shape[:2], self.heads, width // self.heads)
    parts = [p.reshape(by_head) for p in jnp.split(projected, 3, axis=-1)]
    heads = attend(*parts, mask).reshape(x.shape)
    return _dense(width, x, name='outputs')(heads)


class AttentionBlock(nn.Module):
  """Self-attention and an MLP of each word, both with residuals.

  Layers are normalized before each, not after, arXiv:2002.04745.

  Attributes:
    heads: number of attention heads.
    mlp_ratio: hidden channels of the MLP, per channel.
    dropout: dropout rate.
  """

  heads: int
  mlp_ratio: int
  dropout: float

  @nn.compact
  def __call__(self, sequence: Sequence, train: bool) -> Sequence:
    x, mask = sequence
    drop = Dropout(self.dropout, deterministic=not train)
    h = nn.LayerNorm(dtype=x.dtype)(x)
    x = x + drop(SelfAttention(self.heads)(Sequence(h, mask)))
    h = nn.LayerNorm(dtype=x.dtype)(x)
    h = nn.gelu(_dense(self.mlp_ratio * x.shape[-1], x)(h))
    x = x + drop(_dense(x.shape[-1], x)(h))
    return Sequence(x, mask)
