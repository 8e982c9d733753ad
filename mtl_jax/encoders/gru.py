"""Word embedding and one GRU; padding (id 0) changes nothing."""

import functools

import flax.linen as nn

from mtl_jax import layers
from mtl_jax.layers.dropout import Dropout

WIDTHS = {'embedding': '', 'width': ''}


class Embedding(nn.Module):
  """Tokens `[B, L]` to a `layers.Sequence` of `[B, L, width]`."""

  vocab_size: int
  width: int
  dropout: float

  @nn.compact
  def __call__(self, tokens, train):
    words = layers.embed(tokens, self.vocab_size, self.width, 'gru')
    drop = Dropout(self.dropout, deterministic=not train)
    return layers.Sequence(drop(words.values), words.mask)


class Recurrent(nn.Module):
  """The GRU's last state, `[B, width]`, with dropout."""

  width: int
  dropout: float

  @nn.compact
  def __call__(self, sequence, train):
    state = layers.GRU(self.width)(sequence)
    return Dropout(self.dropout, deterministic=not train)(state)


def make(
  vocab_size: int = 10_000,
  embedding: int = 128,
  width: int = 64,
  dropout: float = 0.0,
) -> tuple:
  """Two stages: the embedding and the GRU."""
  return (
    functools.partial(Embedding, vocab_size, embedding, dropout),
    functools.partial(Recurrent, width, dropout),
  )
