"""Task routing: each task uses its own fixed half of an encoder's channels."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from mtl_jax.schemes import base


class Scheme(base.Scheme):
  """Strezoski, van Noord, Worring, ICCV 2019, arXiv:1903.12117.

  After each stage task t sets a fixed random part of the channels to 0. The
  masks are in the variable collection `routing`, not in `params`.

  Attributes:
    keep: share of the channels that a task uses.
  """

  keep: float = 0.5

  def __post_init__(self):
    if not 0 < self.keep <= 1:
      raise ValueError(f'keep is {self.keep}; take a share above 0, up to 1')
    super().__post_init__()

  @nn.compact
  def __call__(self, x, train):
    k = self.num_tasks
    for i, stage in enumerate(self.stages):
      module = stage(name=f'shared_stage_{i}')
      x = base.per_task(module, k, x, train) if i else module(x, train)
      x = x if i else base.spread(x, k)
      mask = self.mask(i, base.channels(x))
      x = base.mix(lambda h, mask=mask: keep(h, mask), x)
    return self.predict_stacked(x)

  def mask(self, stage: int, channels: int) -> jax.Array:
    """The mask after a stage, with equally many channels for each task.

    Args:
      stage: index of the stage.
      channels: number of channels, C.

    Returns:
      A Boolean mask, `[K, C]`.
    """
    count = max(1, round(self.keep * channels))

    def draw():
      keys = jax.random.split(self.make_rng('params'), self.num_tasks)
      first = jnp.arange(channels) < count
      return jax.vmap(jax.random.permutation, (0, None))(keys, first)

    mask = self.variable('routing', f'mask_{stage}', draw).value
    self.record(f'channels of stage {stage}', mask.sum(-1), 'task')
    return mask


def keep(h: jax.Array, mask: jax.Array) -> jax.Array:
  """Sets channels to 0.

  Args:
    h: features, `[K, B, ..., C]`.
    mask: True for channels that stay, `[K, C]`.

  Returns:
    Features of the same shape.
  """
  shape = (h.shape[0], *[1] * (h.ndim - 2), h.shape[-1])
  return jnp.where(mask.reshape(shape), h, 0)
