"""Hard sharing: one encoder for all tasks."""

import flax.linen as nn

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges


class Scheme(base.Scheme):
  """Caruana, Machine Learning 28 (1997).

  Attributes:
    split_at: stages below it are shared, and each task has its own copy of the
      others; -1 shares all.
  """

  split_at: int = -1

  @property
  def separate(self) -> bool:
    return self.split_at == 0

  def __post_init__(self):
    ranges.at_least(-1, split_at=self.split_at)
    if self.split_at > len(self.stages):
      raise ValueError(
        f'split_at is {self.split_at}, and the encoder has '
        f'{len(self.stages)} stages'
      )
    super().__post_init__()

  @nn.compact
  def __call__(self, x, train):
    cut = self.split_at if self.split_at >= 0 else len(self.stages)
    trunk, branch = self.stages[:cut], self.stages[cut:]
    if trunk:
      x = base.Encoder(trunk, name='shared_encoder')(x, train)
      x = self.last_shared(x)
    if not branch:
      return self.predict([x] * self.num_tasks)
    towers = base.Encoder(branch, name='towers')
    features = base.stack(towers, self.num_tasks, x, train)
    return self.predict_stacked(features)
