"""Word embedding and one LSTM; padding (word 0) has no effect."""

import functools

import flax.linen as nn

from mtl_jax import layers
from mtl_jax.layers.dropout import Dropout

WIDTHS = {'embedding': '', 'width': ''}


class Recurrent(nn.Module):
  """The last state of the LSTM, `[B, width]`, with dropout.

  Attributes:
    width: number of channels of the state.
    dropout: dropout rate.
  """

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
  """Makes the stages: the embedding and the LSTM.

  Args:
    vocab_size: number of words, padding included.
    embedding: number of channels of a word.
    width: number of channels of the state.
    dropout: dropout rate, after each stage.

  Returns:
    Two module factories.
  """
  return (
    functools.partial(layers.Embedding, vocab_size, embedding, dropout, 'lstm'),
    functools.partial(Recurrent, width, dropout),
  )
