"""Features of sequences, with their padding."""

from typing import NamedTuple

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Shaped

from mtl_jax.layers.dropout import Dropout


class Sequence(NamedTuple):
  """Features of a padded sequence.

  Attributes:
    values: the features.
    mask: True where there is no padding.
  """

  values: Float[Array, 'batch length channels']
  mask: Bool[Array, 'batch length']


def embed(
  tokens: Shaped[Array, '...'], vocab_size: int, width: int, encoder: str
) -> Sequence:
  """Embeds words; it must be called in a compact module.

  Args:
    tokens: word numbers, `[B, L]`; 0 is padding.
    vocab_size: number of words, padding included.
    width: number of channels of a word.
    encoder: name of the encoder, for the error message.

  Returns:
    The embeddings, and the mask of unpadded words.

  Raises:
    ValueError: the input is not word numbers.
  """
  if tokens.ndim != 2 or not jnp.issubdtype(tokens.dtype, jnp.integer):
    raise ValueError(
      f'{encoder} takes word numbers [rows, words], not {tokens.dtype} '
      f'{tokens.shape}; use encoder mlp for vectors, lenet for images'
    )
  return Sequence(nn.Embed(vocab_size, width)(tokens), tokens > 0)


class Embedding(nn.Module):
  """Embedding and dropout: the first stage of the recurrent encoders.

  Attributes:
    vocab_size: number of words, padding included.
    width: number of channels of a word.
    dropout: dropout rate.
    encoder: name of the encoder, for error messages.
  """

  vocab_size: int
  width: int
  dropout: float
  encoder: str

  @nn.compact
  def __call__(
    self, tokens: Shaped[Array, 'batch length'], train: bool
  ) -> Sequence:
    words = embed(tokens, self.vocab_size, self.width, self.encoder)
    drop = Dropout(self.dropout, deterministic=not train)
    return Sequence(drop(words.values), words.mask)
