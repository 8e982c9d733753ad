"""Adapters: one encoder, and after each stage a small network per task."""

import flax.linen as nn
import jax

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges


class Scheme(base.Scheme):
  """Rebuffi, Bilen, Vedaldi, NeurIPS 2017, arXiv:1705.08045.

  And Houlsby et al., ICML 2019, arXiv:1902.00751, for the bottleneck.

  After each stage task t continues with `h + up_t(relu(down_t(h)))`, or with
  `h + up_t(h)` if `linear`. `up` is initialized to 0, so that training starts
  with hard sharing.

  Attributes:
    reduction: the bottleneck has 1 / `reduction` of the channels, at least 4.
    linear: whether adapters have no bottleneck.
    frozen_from: share of the steps from which the encoder is frozen; until
      then the adapters are. With 1 or more all are trained throughout.
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
  """Adds a small network of a task's features to these features.

  Attributes:
    reduction: the bottleneck has 1 / `reduction` of the channels, at least 4.
    linear: whether there is no bottleneck.
  """

  reduction: int
  linear: bool

  @nn.compact
  def __call__(self, features, train):
    del train
    return base.alter(self.add, features)

  def add(self, h: jax.Array) -> jax.Array:
    """Adds the network of `h`, `[B, ..., C]`, to `h`."""
    channels = h.shape[-1]
    inner = h
    if not self.linear:
      width = max(4, channels // self.reduction)
      inner = nn.relu(nn.Dense(width, name='down')(h))
    up = nn.Dense(channels, kernel_init=nn.initializers.zeros, name='up')
    return h + up(inner)
