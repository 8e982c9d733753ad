"""Cross-stitch networks: towers that exchange learned shares of features."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.layers import matmul
from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges


class Scheme(base.Scheme):
  """Misra, Shrivastava, Gupta, Hebert, CVPR 2016, arXiv:1604.03539, eq. 1.

  After a stage tower t continues with `sum_s alpha[t, s] h_s`. The rows of
  alpha sum to 1 at initialization, for any number of tasks. In the paper the
  towers are first trained separately: see `warm_start`.

  Attributes:
    own: initial weight of a tower's own features; the rest is divided equally.
    per_channel: whether a unit has one alpha per channel, or one per stage.
    stitch_after: indices of the stages with a unit; empty is all.
  """

  mix = ('shared_stitch', 'stitch')
  towers = True
  mix_lr: float = 100.0
  own: float = 0.9
  per_channel: bool = True
  stitch_after: tuple[int, ...] = ()

  def __post_init__(self):
    ranges.shares(own=self.own)
    super().__post_init__()

  @nn.compact
  def __call__(self, x, train):
    stitched = self.stitch_after or tuple(range(len(self.stages)))
    last = max(stitched)
    if last >= len(self.stages) or min(stitched) < 0:
      raise ValueError(
        f'stitch_after={self.stitch_after} names a stage '
        f'that is none: the encoder has stages 0..{len(self.stages) - 1}'
      )
    for i, stage in enumerate(self.stages):
      # Up to the last unit every tower affects every task's loss.
      name = f'shared_tower_{i}' if i <= last else f'tower_{i}'
      axis = None if i == 0 else 0
      x = base.stack(stage(name=name), self.num_tasks, x, train, axis)
      if i in stitched:
        x = base.mix(lambda h, i=i: self.stitch(h, i, last), x)
    return self.predict_stacked(x)

  def stitch(
    self, h: Float[Array, 'tasks ...'], stage: int, last: int
  ) -> Float[Array, 'tasks ...']:
    """Applies the unit after a stage.

    Row t of the last unit affects only task t: it is a private parameter.

    Args:
      h: features of all towers, `[K, B, ..., C]`.
      stage: index of the stage.
      last: index of the last stage with a unit.

    Returns:
      Features of the same shape.
    """
    k, channels = self.num_tasks, h.shape[-1] if self.per_channel else 1
    name = f'stitch_{stage}' if stage == last else f'shared_stitch_{stage}'
    alpha = self.param(name, self.start, channels)  # [K, K, C]
    alpha = jnp.where(self.alone, jnp.eye(k)[:, :, None], alpha)
    self.record(f'stitch of stage {stage}', alpha.mean(-1), 'task', 'tower')
    alpha = jnp.broadcast_to(alpha, (k, k, h.shape[-1])).astype(h.dtype)
    return matmul.exchange(alpha, h)

  def start(self, key, channels):
    """Initial alpha, `[K, K, channels]`.

    Args:
      key: not used.
      channels: number of channels.

    Returns:
      `own` on the diagonal of the tasks, and equal shares elsewhere.
    """
    del key
    k = self.num_tasks
    if k == 1:
      return jnp.ones((1, 1, channels))
    other = (1 - self.own) / (k - 1)
    alpha = other + (self.own - other) * jnp.eye(k)
    return jnp.repeat(alpha[:, :, None], channels, axis=2)
