"""Multi-layer perceptron."""

import functools

import flax.linen as nn
import jax.numpy as jnp

from mtl_jax import layers
from mtl_jax.layers.dropout import Dropout

WIDTHS = {'widths': ''}


class Layer(nn.Module):
  """Dense, ReLU, dropout. Inputs are flattened, bytes scaled to [0, 1].

  Attributes:
    width: number of output channels.
    dropout: dropout rate.
  """

  width: int
  dropout: float

  @nn.compact
  def __call__(self, x, train):
    x = _numbers(x)
    x = x.reshape(x.shape[0], -1)
    x = nn.relu(layers.Dense(self.width)(x))
    return Dropout(self.dropout, deterministic=not train)(x)


def _numbers(x):
  """Bytes scaled to [0, 1], and other numbers as floats.

  Raises:
    ValueError: the inputs are `[B, F]` integers. The reference reads those as
      word numbers, and as numbers they would not be scaled.
  """
  if x.dtype == jnp.uint8:
    return x / 255
  if jnp.issubdtype(x.dtype, jnp.integer) and x.ndim == 2:
    raise ValueError(
      f'mlp takes vectors of floats, not {x.dtype} {x.shape}; scale columns of '
      'whole numbers by mtl_jax.data.columns.standardise, and use encoder '
      'lstm, gru or transformer for word numbers'
    )
  return x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(float)


def make(widths: tuple[int, ...] = (64, 64), dropout: float = 0.0) -> tuple:
  """Makes the stages: one dense layer per width.

  Args:
    widths: number of channels of each layer.
    dropout: dropout rate, after each layer.

  Returns:
    The module factories.
  """
  return tuple(functools.partial(Layer, w, dropout) for w in widths)
