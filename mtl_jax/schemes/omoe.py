"""One-gate mixture of experts."""

import flax.linen as nn

from mtl_jax.schemes import base
from mtl_jax.schemes.parts import experts, gates, mixture


class Scheme(mixture.Mixture):
  """Ma, Zhao, Yi, Chen, Hong, Chi, KDD 2018: all tasks share one gate.

  Fields as in `parts.mixture.Mixture`.
  """

  mix = ('shared_gate',)

  @nn.compact
  def __call__(self, x, train):
    size = self.num_experts
    cut, until = self.expert_from, self.tower_from
    x, outputs = experts.run(self, cut, size, x, train, until)
    read = base.summary(x)
    kernel = self.param('shared_gate', gates.start, (read.shape[-1], size))
    gate = gates.softmax(read, kernel)  # [B, E]
    self.record_gates(gate[:, None])
    mixed = self.last_shared(gates.weighted(gate, outputs))
    if not experts.has_towers(self, until):
      return self.predict([mixed] * self.num_tasks)
    mixed = base.spread(mixed, self.num_tasks)
    return self.predict_stacked(experts.towers(self, until, mixed, train))
