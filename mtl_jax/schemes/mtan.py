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

  A stage that shows its inside (`layers.Inside`) is masked there, as in the
  paper's SegNet: the mask is computed from its first features, and is of its
  last ones before they are pooled. What a task selected is convolved and pooled
  after a stage that halves the picture, and enlarged and convolved before one
  that doubles it.
  """

  @nn.compact
  def __call__(self, x, train):
    k, previous = self.num_tasks, None
    for i, stage in enumerate(self.stages):
      stage = stage(name=f'shared_stage_{i}')
      seen = look(stage, x, train)
      read = base.spread(seen.first, k)
      if previous is not None:
        previous = self.enlarged(i, previous, seen, train)
        read = concatenate(read, previous)
      attention = Attention(base.channels(seen.last), name=f'attention_{i}')
      masks = base.stack(attention, k, read, train, 0)
      self.record(f'mask of stage {i}', jax.vmap(mean)(masks), 'task')
      masked = base.mix(lambda a, u=seen.last: a * base.values(u)[None], masks)
      x = seen.output
      if i < len(self.stages) - 1:
        previous = self.carried(i, masked, seen, train)
    return self.predict_stacked(masked)

  def carried(self, i, masked, seen, train):
    """What each task selected in stage i, for the next stage."""
    pooled = size(seen.output) != size(seen.last)
    if not pooled and hasattr(self.stages[i](parent=None), 'inside'):
      return masked  # The next stage enlarges it.
    following = self.following(i + 1, seen.output)
    carry = Carry(following, pooled, name=f'shared_carry_{i}')
    return base.per_task(carry, self.num_tasks, masked, train)

  def enlarged(self, i, previous, seen, train):
    """What tasks selected before stage i, as large as what attention reads."""
    if size(previous)[1:] == size(seen.first):
      return previous
    shape = *size(seen.first), base.channels(seen.last)
    enlarge = Enlarge(shape, name=f'shared_enlarge_{i}')
    return base.per_task(enlarge, self.num_tasks, previous, train)

  def following(self, stage: int, x: base.Features) -> tuple[int, ...]:
    """The shape of what attention to a stage reads, without computing it.

    Args:
      stage: index of the stage.
      x: its input.

    Returns:
      The shape, `[B, ..., C]`.
    """
    module = self.stages[stage](parent=None)

    def outputs():
      rngs = dict.fromkeys(('params', 'dropout'), jax.random.key(0))
      return module.init_with_output(rngs, x, False, method=look)[0].first

    return base.values(jax.eval_shape(outputs)).shape


def look(stage: nn.Module, x: base.Features, train: bool) -> layers.Inside:
  """Applies a stage; of one that does not show its inside, its output."""
  if hasattr(stage, 'inside'):
    return stage.inside(x, train)
  output = stage(x, train)
  return layers.Inside(output, output, output)


def size(features: base.Features) -> tuple[int, ...]:
  """All axes but that of channels."""
  return base.values(features).shape[:-1]


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
    pooled: whether the maxima of 2 x 2 pixels are taken instead of resizing.
  """

  shape: tuple[int, ...]
  pooled: bool = False

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
    if self.pooled:
      return layers.max_pool(h)
    return jax.image.resize(h, (len(h), *self.shape[1:]), 'linear')


class Enlarge(nn.Module):
  """Resizes a task's masked features, then convolves them.

  Attributes:
    shape: of the output, `[B, H, W, C]`.
  """

  shape: tuple[int, ...]

  @nn.compact
  def __call__(self, features, train):
    h = base.values(features)
    h = jax.image.resize(h, (*self.shape[:3], h.shape[-1]), 'linear')
    h = layers.Conv(self.shape[-1], 3, use_bias=False)(h)
    return nn.relu(normalise(h, None, train))


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
