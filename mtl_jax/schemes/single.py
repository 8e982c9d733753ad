"""Single-task learning: K towers that never meet; the baseline."""

import flax.linen as nn

from mtl_jax.schemes import base


class Scheme(base.Scheme):
  """Trains the same as K separate one-task trainings, in one program."""

  separate = True

  @nn.compact
  def __call__(self, x, train):
    towers = base.Encoder(self.stages, name='towers')
    features = base.stack(towers, self.num_tasks, x, train)
    return self.predict_stacked(features)
