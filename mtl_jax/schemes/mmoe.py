"""Multi-gate mixture of experts."""

import flax.linen as nn

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges
from mtl_jax.schemes.parts import experts, gates


class Scheme(base.Scheme):
  """Ma, Zhao, Yi, Chen, Hong, Chi, KDD 2018.

  Each task mixes `num_experts` encoders by its own softmax gate. Stages below
  `expert_from` are one shared stem and the gates read its pooled features: the
  input itself for vectors (0), the first stage for images and text (-1 picks).
  Stages from `tower_from` on are each task's own, behind its mixture; -1: none.
  `balance` times `hp.penalty` is the price of unequal use of the experts.
  """

  mix = ('gates',)
  penalised = True
  num_experts: int = 4
  expert_from: int = -1
  tower_from: int = -1
  balance: float = 0.0

  def __post_init__(self):
    ranges.at_least(0, balance=self.balance)
    ranges.at_least(1, num_experts=self.num_experts)
    experts.check_towers(self.tower_from, len(self.stages))
    super().__post_init__()

  @nn.compact
  def __call__(self, x, train):
    size = self.num_experts
    cut, until = self.expert_from, self.tower_from
    x, found = experts.run(self, cut, size, x, train, until)
    found = experts.last_shared(self, found)
    read = base.summary(x)
    shape = (self.num_tasks, read.shape[-1], size)
    gate = gates.softmax(read, self.param('gates', gates.start, shape))
    gates.tell(self, gate)  # [B, K, E]
    if self.balance:
      self.charge(self.balance * gates.imbalance(gate))
    mixed = gates.mixtures(gate, [base.spread(h, 1) for h in found])
    return self.predict_stacked(experts.towers(self, until, mixed, train))
