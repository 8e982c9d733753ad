"""What every stage of an encoder makes, as shapes."""

from collections.abc import Callable

import flax.linen as nn
import jax


class Every(nn.Module):
  """The features behind each stage."""

  stages: tuple[Callable, ...]

  @nn.compact
  def __call__(self, x):
    result = []
    for i, stage in enumerate(self.stages):
      x = stage(name=f'stage_{i}')(x, False)
      result.append(x)
    return result


def features(stages, x):
  """Of all stages, and the variables, of inputs or their shapes."""
  module = Every(stages)
  return jax.eval_shape(
    lambda x: module.init_with_output(jax.random.key(0), x), x
  )
