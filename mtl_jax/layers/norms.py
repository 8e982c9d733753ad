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
    rows, *_, channels = x.shape
    groups = next(g for g in range(self.groups, 0, -1) if channels % g == 0)
    parts = x.astype(jnp.float32).reshape(rows, -1, groups, channels // groups)
    mean = parts.mean((1, 3), keepdims=True)
    spread = jnp.square(parts - mean).mean((1, 3), keepdims=True)
    parts = (parts - mean) * jax.lax.rsqrt(spread + self.epsilon)
    scale = self.param('scale', nn.initializers.ones, (channels,))
    bias = self.param('bias', nn.initializers.zeros, (channels,))
    scale, bias = (p[None, None, None] for p in (scale, bias))
    return (parts.reshape(x.shape) * scale + bias).astype(x.dtype)
