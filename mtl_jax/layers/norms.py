"""Normalization of images, `[B, H, W, C]`."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from mtl_jax.layers.images import Images


class BatchNorm(nn.Module):
  """Ioffe and Szegedy, ICML 2015; momentum of running statistics 0.9."""

  @nn.compact
  def __call__(self, x: Images, train: bool) -> Images:
    if train and x.size == x.shape[-1]:
      raise ValueError(
        'BatchNorm cannot normalise one value per channel: a batch of one row '
        'whose features are one pixel; take config.batch_size of 2 or more, '
        'larger pictures or fewer stages'
      )
    return nn.BatchNorm(use_running_average=not train, momentum=0.9)(x)


class GroupNorm(nn.Module):
  """Wu and He, ECCV 2018: rows are normalized independently of the batch.

  Attributes:
    groups: largest number of groups; the largest divisor of the channels up to
      it is used.
    epsilon: added to the variance.
  """

  groups: int = 8
  epsilon: float = 1e-5

  @nn.compact
  def __call__(self, x: Images, train: bool) -> Images:
    del train
    channels = x.shape[-1]
    groups = next(g for g in range(self.groups, 0, -1) if channels % g == 0)
    scale = self.param('scale', nn.initializers.ones, (channels,))
    bias = self.param('bias', nn.initializers.zeros, (channels,))
    scale, bias = (p[None, None, None] for p in (scale, bias))
    wide = x.astype(jnp.float32)
    apart = wide - _group_means(wide, groups)
    spread = _group_means(jnp.square(apart), groups)
    factor = jax.lax.rsqrt(spread + self.epsilon) * scale
    return (apart * factor + bias).astype(x.dtype)


def _group_means(x, groups):
  """Means of rows over pixels and groups of channels: `[B, 1, 1, C]`.

  Channels are summed over pixels first, where they are contiguous.
  """
  rows, *_, channels = x.shape
  means = x.mean((1, 2)).reshape(rows, groups, -1).mean(-1)
  return jnp.repeat(means, channels // groups, axis=1)[:, None, None]
