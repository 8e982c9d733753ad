"""One-gate mixture of experts."""

import flax.linen as nn

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges
from mtl_jax.schemes.parts import experts, gates


class Scheme(base.Scheme):
  """Ma, Zhao, Yi, Chen, Hong, Chi, KDD 2018: all tasks read one mixture.

  Fields as in `mmoe`, whose gates this ties.
  """

  mix = ('shared_gate',)
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
    read = base.summary(x)
    kernel = self.param('shared_gate', gates.start, (read.shape[-1], size))
    gate = gates.softmax(read, kernel)  # [B, E]
    gates.tell(self, gate[:, None])
    if self.balance:
      self.charge(self.balance * gates.imbalance(gate[:, None]))
    mixed = self.last_shared(gates.weighted(gate, found))
    if not experts.has_towers(self, until):
      return self.predict([mixed] * self.num_tasks)
    mixed = base.spread(mixed, self.num_tasks)
    return self.predict_stacked(experts.towers(self, until, mixed, train))
