"""Adapters: one encoder, and after each stage a small network per task."""

import flax.linen as nn
import jax

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges


class Scheme(base.Scheme):
  """Rebuffi, Bilen, Vedaldi, NeurIPS 2017, arXiv:1705.08045.

  And Houlsby et al., ICML 2019, arXiv:1902.00751, for the bottleneck.

  Task t goes on with `h + up_t(relu(down_t(h)))`, its bottleneck a `reduction`
  of the channels and 4 at least, or with `h + up_t(h)` where `linear`; `up`
  starts at 0, so that it starts as hard sharing. With `frozen_from` below 1
  the encoder rests from that share of the steps on, and the adapters before.
  """

  reduction: int = 4
  linear: bool = False
  frozen_from: float = 1.0

  def __post_init__(self):
    ranges.at_least(1, reduction=self.reduction)
    ranges.more_than(0, frozen_from=self.frozen_from)
    super().__post_init__()

  def group(self, name):
    first = self.frozen_from
    if first >= 1 or name.startswith('head_'):
      return base.Group()
    if name.startswith('shared'):
      return base.Group(moves=lambda step, steps: step < first * steps)
    return base.Group(moves=lambda step, steps: step >= first * steps)

  @nn.compact
  def __call__(self, x, train):
    k = self.num_tasks
    for i, stage in enumerate(self.stages):
      module = stage(name=f'shared_stage_{i}')
      x = base.per_task(module, k, x, train) if i else module(x, train)
      adapter = Adapter(self.reduction, self.linear, name=f'adapters_{i}')
      x = base.stack(adapter, k, x, train, 0 if i else None)
    return self.predict_stacked(x)


class Adapter(nn.Module):
  """What is added to one task's features, along their channels."""

  reduction: int
  linear: bool

  @nn.compact
  def __call__(self, features, train):
    del train
    return base.alter(self.add, features)

  def add(self, h: jax.Array) -> jax.Array:
    channels = h.shape[-1]
    inner = h
    if not self.linear:
      width = max(4, channels // self.reduction)
      inner = nn.relu(nn.Dense(width, name='down')(h))
    up = nn.Dense(channels, kernel_init=nn.initializers.zeros, name='up')
    return h + up(inner)
