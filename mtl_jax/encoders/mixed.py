"""Columns, text and images side by side: a tower for each, joined by an MLP.

Each tower makes a vector per row. These are concatenated, and dense layers read
all of them. For a plain array, or numbers alone, it is the encoder `mlp`.
"""

import functools
from collections.abc import Iterator, Mapping
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mtl_jax import layers
from mtl_jax.encoders import lenet, mlp
from mtl_jax.errors import InputError

# Numbers `[N, F]` floats, categories `[N, C]` (0 is unseen or missing), text
# `[N, L]` (0 is padding), image `[N, H, W, C]`; one of them at least.
INPUTS = ('numbers', 'categories', 'text', 'image')
WIDTHS = {
  'widths': '',
  'embedding': '',
  'word_width': '',
  'channels': '',
  'image_width': '',
}
READERS = ('lstm', 'mean')


class Joined(mlp.Layer):
  """The towers, and the dense layer, ReLU and dropout that read all of them.

  Attributes:
    levels: number of values of each column of categories, with value 0.
    embedding: number of channels of a category.
    vocab_size: number of words, padding included.
    word_width: number of channels of a word, and of the state of the LSTM.
    reader: 'lstm', or 'mean' of the words.
    channels: number of channels of each convolution of the image.
    image_width: number of channels of the image's vector.
  """

  levels: tuple[int, ...]
  embedding: int
  vocab_size: int
  word_width: int
  reader: str
  channels: tuple[int, ...]
  image_width: int

  @nn.compact
  def __call__(self, x, train):
    if isinstance(x, Mapping):
      x = jnp.concatenate(list(self.vectors(x, train)), axis=1)
    return super().__call__(x, train)

  def vectors(self, x: Mapping, train: bool) -> Iterator[Float[Array, 'b c']]:
    """One vector per row from each input, in the order of `INPUTS`."""
    if 'numbers' in x:
      yield x['numbers']
    if 'categories' in x:
      yield self.categories(x['categories'])
    if 'text' in x:
      yield self.text(x['text'])
    if 'image' in x:
      yield self.image(x['image'], train)

  def categories(self, x: Int[Array, 'b c']) -> Float[Array, 'b d']:
    """Embeddings of the columns side by side."""
    if len(self.levels) != x.shape[1]:
      raise ValueError(
        f'levels is {self.levels}, and the inputs have {x.shape[1]} columns of '
        'categories; give the number of values of each'
      )
    # One table for all columns, whose parts begin at these rows.
    begins = np.cumsum((0, *self.levels[:-1])).astype(np.int32)
    table = nn.Embed(sum(self.levels), self.embedding, name='category')
    return table(x + begins[None]).reshape(len(x), -1)

  def text(self, x: Int[Array, 'b l']) -> Float[Array, 'b d']:
    """The last state of an LSTM, or the mean of the words."""
    if not self.vocab_size:
      raise ValueError('vocab_size is 0; give the number of words')
    words = nn.Embed(self.vocab_size, self.word_width, name='word')(x)
    if self.reader == 'lstm':
      lstm = layers.LSTM(self.word_width, name='lstm')
      return lstm(layers.Sequence(words, x > 0))
    known = (x > 0)[..., None].astype(words.dtype)
    return (words * known).sum(1) / jnp.maximum(known.sum(1), 1)

  def image(self, x: Array, train: bool) -> Float[Array, 'b d']:
    """A small LeNet."""
    for i, channels in enumerate(self.channels):
      x = lenet.Block(channels, 3, 'SAME', name=f'image_{i}')(x, train)
    return lenet.Top(self.image_width, 0.0, name='image')(x, train)


def make(
  widths: tuple[int, ...] = (64, 64),
  dropout: float = 0.0,
  levels: tuple[int, ...] = (),
  embedding: int = 8,
  vocab_size: int = 0,
  word_width: int = 64,
  reader: str = 'lstm',
  channels: tuple[int, ...] = (10, 20),
  image_width: int = 50,
) -> tuple:
  """Makes the stages: the towers with the first dense layer, then the others.

  Args:
    widths: number of channels of each dense layer.
    dropout: dropout rate, after each dense layer.
    levels: number of values of each column of categories, with 0, which is
      unseen or missing; () is what the data have, see `infer`.
    embedding: number of channels of a category.
    vocab_size: number of words, padding included; 0 is what the data have.
    word_width: number of channels of a word, and of the state of the LSTM.
    reader: of the text: 'lstm', or 'mean' of the words.
    channels: number of channels of each 3 x 3 convolution of the image.
    image_width: number of channels of the image's vector.

  Returns:
    The module factories.

  Raises:
    ValueError: there is no such reader, or no width.
  """
  if reader not in READERS:
    raise ValueError(f'reader {reader!r} is none of {", ".join(READERS)}')
  if not widths:
    raise ValueError('widths is (); give one at least')
  towers = (tuple(levels), embedding, vocab_size, word_width, reader)
  first = functools.partial(
    Joined, widths[0], dropout, *towers, tuple(channels), image_width
  )
  return (first, *mlp.make(widths[1:], dropout))


def infer(fields: Mapping[str, Any], inputs: list[Any]) -> dict[str, Any]:
  """Finds the numbers of values and of words that the fields leave open.

  Args:
    fields: of `make`, by name.
    inputs: all inputs of the data, in parts.

  Returns:
    `levels` and `vocab_size`, if the inputs have categories and text.

  Raises:
    InputError: a field is too small for the data.
  """
  found = {}
  parts = [x for x in inputs if isinstance(x, Mapping)]
  for key, name, of in (
    ('categories', 'levels', _levels),
    ('text', 'vocab_size', _words),
  ):
    values = [x[key] for x in parts if key in x and len(x[key])]
    if values:
      found[name] = _enough(name, fields.get(name), of(values))
  return found


def _levels(values: list[np.ndarray]) -> tuple[int, ...]:
  largest = np.max([x.max(axis=0) for x in values], axis=0)
  return tuple(int(n) + 1 for n in largest)


def _words(values: list[np.ndarray]) -> int:
  return max(int(x.max()) for x in values) + 1


def _enough(name: str, given: Any, needed: Any) -> Any:
  if not given:
    return needed
  small = (
    np.less(given, needed) if np.shape(given) == np.shape(needed) else True
  )
  if np.any(small):
    raise InputError(
      f'config.encoders.mixed.{name} is {given}, and the data need {needed}; '
      f'set it to that, or to {type(needed)()!r} to have it counted'
    )
  return given
