"""Word embedding with learned positions, and pre-norm attention blocks."""

import functools

import flax.linen as nn

from mtl_jax import layers
from mtl_jax.layers.dropout import Dropout

WIDTHS = {'width': 'heads'}


class Embedding(nn.Module):
  """Word embedding plus position embedding, with dropout.

  Attributes:
    vocab_size: number of words, padding included.
    width: number of channels of a word.
    max_len: largest number of words in a row.
    dropout: dropout rate.
  """

  vocab_size: int
  width: int
  max_len: int
  dropout: float

  @nn.compact
  def __call__(self, tokens, train):
    words, mask = layers.embed(
      tokens, self.vocab_size, self.width, 'transformer'
    )
    length = tokens.shape[1]
    if length > self.max_len:
      raise ValueError(
        f'transformer takes {self.max_len} words at most, these are {length}; '
        f'set encoders.transformer.max_len={length} or more'
      )
    shape = (self.max_len, self.width)
    start = nn.initializers.normal(0.02)
    positions = self.param('position_embedding', start, shape)
    values = words + positions[None, :length]
    values = Dropout(self.dropout, deterministic=not train)(values)
    return layers.Sequence(values, mask)


class Block(nn.Module):
  """One attention block.

  Attributes:
    heads: number of attention heads.
    mlp_ratio: hidden channels of the block's MLP, per channel.
    dropout: dropout rate.
    last: whether a layer normalization follows.
  """

  heads: int
  mlp_ratio: int
  dropout: float
  last: bool

  @nn.compact
  def __call__(self, sequence, train):
    block = layers.AttentionBlock(self.heads, self.mlp_ratio, self.dropout)
    values, mask = block(sequence, train)
    if self.last:
      values = nn.LayerNorm(dtype=values.dtype)(values)
    return layers.Sequence(values, mask)


def make(
  vocab_size: int = 10_000,
  width: int = 128,
  heads: int = 4,
  depth: int = 2,
  mlp_ratio: int = 4,
  max_len: int = 40,
  dropout: float = 0.0,
) -> tuple:
  """Makes the stages: the embedding, then one per block.

  Args:
    vocab_size: number of words, padding included.
    width: number of channels of a word.
    heads: number of attention heads.
    depth: number of blocks.
    mlp_ratio: hidden channels of a block's MLP, per channel.
    max_len: largest number of words in a row.
    dropout: dropout rate.

  Returns:
    The module factories.

  Raises:
    ValueError: a number is below 1, or `heads` does not divide `width`.
  """
  if depth < 1 or heads < 1 or width % heads:
    raise ValueError(
      f'transformer has depth={depth}, width={width}, heads={heads}; '
      'take a depth of 1 or more and heads that divide the width'
    )
  embedding = functools.partial(Embedding, vocab_size, width, max_len, dropout)
  block = functools.partial(Block, heads, mlp_ratio, dropout)
  blocks = [functools.partial(block, i == depth - 1) for i in range(depth)]
  return embedding, *blocks
