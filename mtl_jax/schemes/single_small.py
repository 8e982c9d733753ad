"""Single-task learning with about as many parameters as one shared encoder."""

import flax.linen as nn

from mtl_jax.schemes import base, hard, single
from mtl_jax.schemes.parts import capacity


class Scheme(base.Scheme):
  """A control for capacity: can it alone explain the loss of sharing?

  The channels of the K towers are reduced until they have together, as nearly
  as whole numbers allow, as many parameters as `hard`.
  """

  separate = True

  @nn.compact
  def __call__(self, x, train):
    stages = capacity.matched(self, hard.Scheme, single.Scheme, x)
    towers = base.Encoder(stages, name='towers')
    features = base.stack(towers, self.num_tasks, x, train)
    return self.predict_stacked(features)
