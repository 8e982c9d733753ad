"""Customized gate control: experts of all tasks and experts of one."""

import flax.linen as nn

from mtl_jax.schemes import base
from mtl_jax.schemes.parts import experts, gates


class Scheme(base.Scheme):
  """Tang, Liu, Zhao, Gong, RecSys 2020: PLE with one level.

  Each task's softmax gate mixes its own experts and the shared ones; stem and
  gates as in `mmoe`.

  Attributes:
    own: number of experts of each task.
    shared: number of experts that all tasks share.
    expert_from: see `parts.experts.stem_length`.
  """

  mix = ('gates',)
  own: int = 1
  shared: int = 1
  expert_from: int = -1

  def __post_init__(self):
    if min(self.own, self.shared) < 0 or self.own + self.shared < 1:
      raise ValueError(
        f'own={self.own}, shared={self.shared}: a task needs an expert'
      )
    super().__post_init__()

  @nn.compact
  def __call__(self, x, train):
    cut = experts.stem_length(self, self.expert_from, x)
    x = experts.stem(self, cut, x, train)
    stages, k = self.stages[cut:], self.num_tasks
    outputs = []
    # The order of experts in gate and records: own, then shared.
    if self.own:
      towers = base.Stack(stages, self.own, name='experts')
      own = base.stack(towers, k, x, train)  # [K, own, B, ...]
      outputs += base.unstack(base.swapped(own), self.own)
    if self.shared:
      common = base.Encoder(stages, name='shared_experts')
      shared = base.stack(common, self.shared, x, train)
      shared = self.last_shared(shared)
      parts = base.unstack(shared, self.shared)
      outputs += [base.spread(h, 1) for h in parts]
    read = base.summary(x)
    shape = (k, read.shape[-1], self.own + self.shared)
    gate = gates.softmax(read, self.param('gates', gates.start, shape))
    gates.record(self, gate)
    return self.predict_stacked(gates.mixtures(gate, outputs))
