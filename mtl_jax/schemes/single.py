"""Single-task learning: K separate towers; the baseline."""

import flax.linen as nn

from mtl_jax.schemes import base


class Scheme(base.Scheme):
  """Equivalent to K separate trainings on one task, in one program."""

  separate = True

  @nn.compact
  def __call__(self, x, train):
    towers = base.Encoder(self.stages, name='towers')
    features = base.stack(towers, self.num_tasks, x, train)
    return self.predict_stacked(features)
