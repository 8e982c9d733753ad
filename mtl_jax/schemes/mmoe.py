"""Multi-gate mixture of experts."""

import flax.linen as nn

from mtl_jax.schemes import base
from mtl_jax.schemes.parts import experts, gates, mixture


class Scheme(mixture.Mixture):
  """Ma, Zhao, Yi, Chen, Hong, Chi, KDD 2018.

  Each task mixes the experts' features with its own softmax gate. Fields as in
  `parts.mixture.Mixture`.
  """

  mix = ('gates',)

  @nn.compact
  def __call__(self, x, train):
    size = self.num_experts
    cut, until = self.expert_from, self.tower_from
    x, outputs = experts.run(self, cut, size, x, train, until)
    outputs = experts.last_shared(self, outputs)
    read = base.summary(x)
    shape = (self.num_tasks, read.shape[-1], size)
    gate = gates.softmax(read, self.param('gates', gates.start, shape))
    self.record_gates(gate)  # [B, K, E]
    mixed = gates.mixtures(gate, [base.spread(h, 1) for h in outputs])
    return self.predict_stacked(experts.towers(self, until, mixed, train))
