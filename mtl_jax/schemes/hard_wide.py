"""Hard sharing with as many parameters as one tower per task."""

import flax.linen as nn

from mtl_jax.schemes import base, hard, single
from mtl_jax.schemes.parts import capacity


class Scheme(base.Scheme):
  """A control for capacity: can it alone explain the gain of towers?

  The channels of the one encoder are multiplied until it has, as nearly as
  whole numbers allow, as many parameters as `single`.
  """

  @nn.compact
  def __call__(self, x, train):
    stages = capacity.matched(self, single.Scheme, hard.Scheme, x)
    encoder = base.Encoder(stages, name='shared_encoder')
    features = self.last_shared(encoder(x, train))
    return self.predict([features] * self.num_tasks)
