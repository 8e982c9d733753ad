"""Word embedding and one LSTM; padding (id 0) changes nothing."""

import functools

import flax.linen as nn
import jax.numpy as jnp

from mtl_jax import layers


class Embedding(nn.Module):
  """Tokens `[B, L]` to a `layers.Sequence` of `[B, L, width]`."""

  vocab_size: int
  width: int
  dropout: float

  @nn.compact
  def __call__(self, tokens, train):
    if tokens.ndim != 2 or not jnp.issubdtype(tokens.dtype, jnp.integer):
      raise ValueError(
        f'lstm takes word numbers [rows, words], not {tokens.dtype} '
        f'{tokens.shape}; use encoder mlp for vectors, lenet for images'
      )
    values = nn.Embed(self.vocab_size, self.width)(tokens)
    values = nn.Dropout(self.dropout, deterministic=not train)(values)
    return layers.Sequence(values, tokens > 0)


class Recurrent(nn.Module):
  """The LSTM's last state, `[B, width]`, with dropout."""

  width: int
  dropout: float

  @nn.compact
  def __call__(self, sequence, train):
    state = layers.LSTM(self.width)(sequence)
    return nn.Dropout(self.dropout, deterministic=not train)(state)


def make(
  vocab_size: int = 10_000,
  embedding: int = 128,
  width: int = 64,
  dropout: float = 0.0,
) -> tuple:
  """Two stages: the embedding and the LSTM."""
  return (
    functools.partial(Embedding, vocab_size, embedding, dropout),
    functools.partial(Recurrent, width, dropout),
  )
