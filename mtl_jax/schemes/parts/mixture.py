"""What the mixtures `mmoe` and `omoe` have in common."""

from jaxtyping import Array, Float

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges
from mtl_jax.schemes.parts import experts, gates


class Mixture(base.Scheme):
  """Base of the schemes that mix shared experts by softmax gates.

  Attributes:
    num_experts: number of experts, each a copy of the stages behind the stem.
    expert_from: stages below it are one shared stem, and the gates read its
      pooled features; -1 takes the input itself for vectors (0) and the first
      stage for images and text (1).
    tower_from: stages from here on are each task's own, applied to its
      mixture; -1: none.
    balance: weight of the load-balancing penalty, times `hp.penalty`.
  """

  penalised = True
  penalised_by = ('balance',)
  num_experts: int = 4
  expert_from: int = -1
  tower_from: int = -1
  balance: float = 0.0

  def __post_init__(self):
    ranges.at_least(0, balance=self.balance)
    ranges.at_least(1, num_experts=self.num_experts)
    experts.check_towers(self.tower_from, len(self.stages))
    super().__post_init__()

  def record_gates(self, gate: Float[Array, 'batch tasks experts']) -> None:
    """Records the gates, and adds the load-balancing penalty if it has weight.

    Args:
      gate: softmax weights; one task where all tasks read one mixture.
    """
    gates.record(self, gate)
    if self.balance:
      self.add_penalty(self.balance * gates.imbalance(gate))
