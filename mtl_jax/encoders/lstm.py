"""Word embedding and one LSTM; padding (id 0) changes nothing."""

import functools

import flax.linen as nn

from mtl_jax import layers
from mtl_jax.layers.dropout import Dropout

WIDTHS = {'embedding': '', 'width': ''}


class Recurrent(nn.Module):
  """The LSTM's last state, `[B, width]`, with dropout."""

  width: int
  dropout: float

  @nn.compact
  def __call__(self, sequence, train):
    state = layers.LSTM(self.width)(sequence)
    return Dropout(self.dropout, deterministic=not train)(state)


def make(
  vocab_size: int = 10_000,
  embedding: int = 128,
  width: int = 64,
  dropout: float = 0.0,
) -> tuple:
  """Two stages: the embedding and the LSTM."""
  return (
    functools.partial(layers.Embedding, vocab_size, embedding, dropout, 'lstm'),
    functools.partial(Recurrent, width, dropout),
  )
