"""Self-attention over padded sequences."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from mtl_jax.sequence import Sequence

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
  pairs = (((3,), (3,)), ((0, 2), (0, 2)))
  scores = lax.dot_general(
    queries, keys, pairs, preferred_element_type=jnp.float32
  )
  scores = scores * queries.shape[-1] ** -0.5  # [B, heads, L, L]
  # Not -inf: a row of nothing else has no softmax.
  scores = jnp.where(mask[:, None, None, :], scores, -1e30)
  weights = jax.nn.softmax(scores).astype(values.dtype)
  words = (((3,), (1,)), ((0, 1), (0, 2)))
  return lax.dot_general(weights, values, words).swapaxes(1, 2)


class SelfAttention(nn.Module):
  """Attention of `heads` heads, of a sequence to itself: `[B, L, width]`."""

  heads: int

  @nn.compact
  def __call__(
    self, sequence: Sequence
  ) -> Float[Array, 'batch length channels']:
    x, mask = sequence
    # Queries, keys and values of all heads are one product.
    projected = nn.Dense(3 * x.shape[-1], dtype=x.dtype, name='inputs')(x)
    parts = projected.reshape(*x.shape[:2], 3, self.heads, -1)
    heads = attend(parts[:, :, 0], parts[:, :, 1], parts[:, :, 2], mask)
    merged = heads.reshape(x.shape)
    return nn.Dense(x.shape[-1], dtype=x.dtype, name='outputs')(merged)


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
    drop = nn.Dropout(self.dropout, deterministic=not train)
    h = nn.LayerNorm(dtype=x.dtype)(x)
    x = x + drop(SelfAttention(self.heads)(Sequence(h, mask)))
    h = nn.LayerNorm(dtype=x.dtype)(x)
    h = nn.gelu(nn.Dense(self.mlp_ratio * x.shape[-1], dtype=x.dtype)(h))
    x = x + drop(nn.Dense(x.shape[-1], dtype=x.dtype)(h))
    return Sequence(x, mask)
