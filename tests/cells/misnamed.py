"""A scheme whose shared encoder may have another name, for tests."""

import flax.linen as nn

from mtl_jax.schemes import base


class Scheme(base.Scheme):
  """One encoder for all tasks.

  Attributes:
    called: the name of the encoder's parameters.
  """

  called: str = 'shared_encoder'

  @nn.compact
  def __call__(self, x, train):
    x = base.Encoder(self.stages, name=self.called)(x, train)
    return self.predict([x] * self.num_tasks)
