"""NDDR: towers that read a learned reduction of all towers' features."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges


class Scheme(base.Scheme):
  """Gao, Ma, Zhao, Liu, Yuille, CVPR 2019, arXiv:1801.08297.

  After each stage tower t continues with relu(norm(W_t [h_1; ...; h_K])), where
  W_t is a 1 x 1 convolution, initially `own` times its tower and
  (1 - own) / (K - 1) times each other. The paper's learning rate multiplier of
  100 is for SGD; with Adam use 1.

  Attributes:
    own: initial weight of a tower's own features.
    norm: batch or none.
    relu: whether ReLU is applied.
  """

  mix = ('shared_reduction', 'reduction')
  towers = True
  mix_lr: float = 100.0
  own: float = 0.9
  norm: str = 'batch'
  relu: bool = True

  def __post_init__(self):
    ranges.shares(own=self.own)
    if self.norm not in ('batch', 'none'):
      raise ValueError(f'norm is {self.norm!r}; take batch or none')
    super().__post_init__()

  @nn.compact
  def __call__(self, x, train):
    k = self.num_tasks
    for i, stage in enumerate(self.stages):
      axis = 0 if i else None
      x = base.stack(stage(name=f'shared_tower_{i}'), k, x, train, axis)
      last = i == len(self.stages) - 1
      name = f'reduction_{i}' if last else f'shared_reduction_{i}'
      unit = Unit(k, self.own, self.norm, self.relu, name=name)
      x = self.reduce(unit, i, x, train)
    return self.predict_stacked(x)

  def reduce(self, unit, stage, x, train):
    """Applies every task's reduction, or nothing during `warm_start`.

    Args:
      unit: the reductions.
      stage: index of the stage.
      x: features of all towers, `[K, B, ..., C]`.
      train: whether this is a training step.

    Returns:
      Features of the same shape.
    """
    mask = getattr(x, 'mask', [None])[0]
    mixed, kernel = unit(base.values(x), mask, train)
    shares = jnp.einsum('tscc->tsc', kernel).mean(-1)
    self.record(f'own channels of stage {stage}', shares, 'task', 'tower')
    return base.mix(lambda h: jnp.where(self.alone, h, mixed), x)


class Unit(nn.Module):
  """All tasks' reductions after one stage.

  Attributes:
    num_tasks: K.
    own: initial weight of a tower's own features.
    norm: batch or none.
    relu: whether ReLU is applied.
  """

  num_tasks: int
  own: float
  norm: str
  relu: bool

  @nn.compact
  def __call__(self, h, mask, train):
    kernel = self.param('kernel', self.start, h.shape[-1])  # [K, K, C, C]
    mixed = jnp.einsum('tscd,sb...c->tb...d', kernel.astype(h.dtype), h)
    if self.norm == 'batch':
      mixed = self.normalise(mixed, mask, train)
    return nn.relu(mixed) if self.relu else mixed, kernel

  def normalise(self, h, mask, train):
    """Batch normalization of each task, with statistics without padding.

    Args:
      h: `[K, B, ..., C]`.
      mask: True where there is no padding, `[B, L]`, or None.
      train: whether to use the batch's statistics.

    Returns:
      An array like `h`.
    """
    norm = nn.BatchNorm(use_running_average=not train, momentum=0.95)
    apart = nn.vmap(
      lambda norm, h: norm(h, mask=None if mask is None else mask[..., None]),
      variable_axes={'params': 0, 'batch_stats': 0},
      split_rngs={'params': True},
    )
    return apart(norm, h).astype(h.dtype)

  def start(
    self, key: Array, channels: int
  ) -> Float[Array, 'tasks towers channels channels']:
    """Initial kernels.

    Args:
      key: not used.
      channels: number of channels, C.

    Returns:
      `[K, K, C, C]`, multiples of the identity.
    """
    del key
    k = self.num_tasks
    own = self.own if k > 1 else 1.0
    other = (1 - own) / max(k - 1, 1)
    shares = other + (own - other) * jnp.eye(k)
    return shares[:, :, None, None] * jnp.eye(channels)[None, None]
