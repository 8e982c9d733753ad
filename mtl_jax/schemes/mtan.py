"""Multi-task attention network: one encoder, and a soft mask per task."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from mtl_jax import layers
from mtl_jax.schemes import base


class Scheme(base.Scheme):
  """Liu, Johns, Davison, CVPR 2019, arXiv:1803.10704.

  Task t multiplies the features of each stage of one encoder by an attention
  mask of its own. The mask is computed from these features and from the masked
  features of the stage before, which a convolution that all tasks share resizes
  to this stage. For vectors and words, dense layers replace convolutions.
  """

  @nn.compact
  def __call__(self, x, train):
    k, previous = self.num_tasks, None
    for i, stage in enumerate(self.stages):
      x = stage(name=f'shared_stage_{i}')(x, train)
      read = base.spread(x, k)
      if previous is not None:
        read = concatenate(read, previous)
      attention = Attention(base.channels(x), name=f'attention_{i}')
      masks = base.stack(attention, k, read, train, 0)
      self.record(f'mask of stage {i}', jax.vmap(mean)(masks), 'task')
      masked = base.mix(lambda a, x=x: a * base.values(x)[None], masks)
      if i < len(self.stages) - 1:
        following = self.following(i + 1, x)
        carry = Carry(following, name=f'shared_carry_{i}')
        previous = base.per_task(carry, k, masked, train)
    return self.predict_stacked(masked)

  def following(self, stage: int, x: base.Features) -> tuple[int, ...]:
    """The shape of a stage's output, without computing it.

    Args:
      stage: index of the stage.
      x: its input.

    Returns:
      The shape, `[B, ..., C]`.
    """
    module = self.stages[stage](parent=None)

    def outputs():
      rngs = dict.fromkeys(('params', 'dropout'), jax.random.key(0))
      return module.init_with_output(rngs, x, False)[0]

    shapes = jax.eval_shape(outputs)
    return base.values(shapes).shape


class Attention(nn.Module):
  """An attention mask in [0, 1] for each channel and position.

  Attributes:
    width: number of channels.
  """

  width: int

  @nn.compact
  def __call__(self, features, train):
    mask = getattr(features, 'mask', None)

    def attend(h):
      h = nn.relu(normalise(pointwise(self.width, h), mask, train))
      return nn.sigmoid(normalise(pointwise(self.width, h), mask, train))

    return base.alter(attend, features)


class Carry(nn.Module):
  """Resizes a task's masked features to those of the next stage.

  Attributes:
    shape: shape of the next stage's features, `[B, ..., C]`.
  """

  shape: tuple[int, ...]

  @nn.compact
  def __call__(self, features, train):
    width = self.shape[-1]
    if isinstance(features, layers.Skips):
      features = features.values
    if len(self.shape) == 2:  # The next stage pools images or words.
      features = base.summary(features)
    if hasattr(features, 'mask'):
      h, mask, *_ = features
      h = nn.relu(normalise(pointwise(width, h), mask, train))
      return features._replace(values=h)
    if features.ndim == 2:
      return nn.relu(normalise(pointwise(width, features), None, train))
    h = layers.Conv(width, 3, use_bias=False)(features)
    h = nn.relu(normalise(h, None, train))
    return jax.image.resize(h, (len(h), *self.shape[1:]), 'linear')


def pointwise(width: int, h: jax.Array) -> jax.Array:
  """A 1 x 1 convolution; the normalization after it has the bias.

  Args:
    width: number of output channels.
    h: `[..., C]`.

  Returns:
    `[..., width]`.
  """
  return nn.Dense(width, use_bias=False)(h)


def normalise(h: jax.Array, mask: Any, train: bool) -> jax.Array:
  """Batch normalization, with statistics that exclude padding.

  Args:
    h: `[B, ..., C]`.
    mask: True where there is no padding, `[B, L]`, or None.
    train: whether to use the batch's statistics.

  Returns:
    An array like `h`.
  """
  norm = nn.BatchNorm(use_running_average=not train, momentum=0.9)
  return norm(h, mask=None if mask is None else mask[..., None]).astype(h.dtype)


def concatenate(one: base.Features, other: base.Features) -> base.Features:
  """Concatenates features of towers along the channels.

  Args:
    one: `[K, B, ..., C]`; its padding mask is used.
    other: `[K, B, ..., D]`.

  Returns:
    `[K, B, ..., C + D]`.
  """
  values = base.values(other)
  return base.mix(lambda h: jnp.concatenate([h, values], axis=-1), one)


def mean(features: base.Features) -> jax.Array:
  """Mean over rows, unpadded positions, and channels."""
  return base.summary(features).mean()
