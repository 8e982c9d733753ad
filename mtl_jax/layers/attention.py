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

  The softmax is in float32. Where a row is all padding, its words attend to
  one another alike: finite, and so is the gradient.
  """
  queries, keys, values = (
    x.swapaxes(1, 2) for x in (queries, keys, values)
  )  # [B, heads, L, channels]
  pairs = (((3,), (3,)), ((0, 1), (0, 1)))
  scores = lax.dot_general(
    queries, keys, pairs, preferred_element_type=jnp.float32
  )
  # Not -inf: a row of nothing else has no softmax.
  scores = jnp.where(
    mask[:, None, None, :], scores * queries.shape[-1] ** -0.5, -1e30
  )
  weights = jax.nn.softmax(scores).astype(values.dtype)
  return (weights @ values).swapaxes(1, 2)


@jax.custom_vjp
def product(
  x: Float[Array, 'rows channels'], kernel: Float[Array, 'channels width']
) -> Float[Array, 'rows width']:
  """`x @ kernel`, with the gradient of the kernel in a faster order.

  A CPU takes up to twice as long where the sum over rows has more rows of the
  result than columns.
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
    # The barrier keeps XLA from turning the product round again.
    turned = lax.dot_general(cotangent, x, over_rows)
    kernel_cotangent = lax.optimization_barrier(turned).T
  return cotangent @ kernel.T, kernel_cotangent


product.defvjp(_product_forward, _product_backward)


def _dense(width, x, name=None):
  """A dense layer in the dtype of `x`, its rows and words on one axis."""

  def multiply(x, kernel, *_, **__):
    rows = product(x.reshape(-1, x.shape[-1]), kernel)
    return rows.reshape(*x.shape[:-1], width)

  return nn.Dense(width, dtype=x.dtype, dot_general=multiply, name=name)


class SelfAttention(nn.Module):
  """Attention of `heads` heads, of a sequence to itself: `[B, L, width]`."""

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
  """Attention, then a network of each word, both added to what they read.

  Layers are normalised before each, not after, arXiv:2002.04745.
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
