"""Multi-layer perceptron."""

import functools

import flax.linen as nn


class Layer(nn.Module):
  """Dense, ReLU, dropout; an input with more axes is flattened."""

  width: int
  dropout: float

  @nn.compact
  def __call__(self, x, train):
    x = x.reshape(x.shape[0], -1).astype(float)
    x = nn.relu(nn.Dense(self.width)(x))
    return nn.Dropout(self.dropout, deterministic=not train)(x)


def make(widths: tuple[int, ...] = (64, 64), dropout: float = 0.0) -> tuple:
  """One stage per width."""
  return tuple(functools.partial(Layer, w, dropout) for w in widths)
