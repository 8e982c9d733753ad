"""Feature-wise linear modulation: one encoder, scaled and shifted per task."""

import flax.linen as nn
import jax.numpy as jnp

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges


class Scheme(base.Scheme):
  """Perez, Strub, de Vries, Dumoulin, Courville, AAAI 2018, arXiv:1709.07871.

  After each stage task t continues with `(1 + scale_t) * h + shift_t`, per
  channel, and initially with `h`, as in hard sharing. The paper conditions on a
  question; here the condition is the task.

  Attributes:
    embedding: 0: scales and shifts are parameters of each task; else the length
      of a task embedding, from which a shared dense layer computes them.
  """

  mix = ('modulation', 'task_embedding')
  embedding: int = 0

  def __post_init__(self):
    ranges.at_least(0, embedding=self.embedding)
    super().__post_init__()

  @nn.compact
  def __call__(self, x, train):
    k, tasks = self.num_tasks, None
    if self.embedding:
      shape = (k, self.embedding)
      tasks = self.param('task_embedding', nn.initializers.normal(1.0), shape)
    for i, stage in enumerate(self.stages):
      module = stage(name=f'shared_stage_{i}')
      # The first stage has one input for all tasks, so it is applied once.
      x = base.per_task(module, k, x, train) if i else module(x, train)
      x = x if i else base.spread(x, k)
      scale, shift = self.modulation(i, base.channels(x), tasks)
      self.record(f'scale of stage {i}', 1 + scale.mean(-1), 'task')
      x = base.mix(lambda h, a=scale, b=shift: modulate(h, a, b), x)
    return self.predict_stacked(x)

  def modulation(self, stage, channels, tasks):
    """Scales less 1 and shifts of a stage, 0 at initialization.

    Args:
      stage: index of the stage.
      channels: number of channels, C.
      tasks: task embeddings, `[K, embedding]`, or None.

    Returns:
      Two arrays `[K, C]`.
    """
    zeros = nn.initializers.zeros
    if tasks is None:
      shape = (self.num_tasks, 2 * channels)
      both = self.param(f'modulation_{stage}', zeros, shape)
    else:
      dense = nn.Dense(
        2 * channels, kernel_init=zeros, name=f'shared_modulation_{stage}'
      )
      both = dense(tasks)
    return jnp.split(both, 2, axis=-1)


def modulate(h, scale, shift):
  """Scales and shifts features.

  Args:
    h: features, `[K, B, ..., C]`.
    scale: scales less 1, `[K, C]`.
    shift: shifts, `[K, C]`.

  Returns:
    Features of the same shape.
  """
  shape = (h.shape[0], *[1] * (h.ndim - 2), h.shape[-1])
  return (1 + scale.reshape(shape)) * h + shift.reshape(shape)
