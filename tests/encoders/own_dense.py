"""An encoder of maps as a user has it, in one file."""

import functools

import flax.linen as nn

DENSE = True


class Stage(nn.Module):
  """A convolution that keeps the size of the picture."""

  width: int

  @nn.compact
  def __call__(self, x, train):
    return nn.relu(nn.Conv(self.width, (3, 3))(x / 255))


def make(width: int = 2):
  """One stage."""
  return (functools.partial(Stage, width),)


def dense_head(outputs):
  """A convolution of single pixels."""
  return functools.partial(nn.Conv, outputs, (1, 1))
