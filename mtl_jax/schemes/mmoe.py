"""Multi-gate mixture of experts."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.schemes import base


class Scheme(base.Scheme):
  """Ma, Zhao, Yi, Chen, Hong, Chi, KDD 2018.

  Each task mixes `num_experts` encoders by its own softmax gate. Stages below
  `expert_from` are one shared stem and the gates read its pooled features: the
  input itself for vectors (0), the first stage for images and text (-1 picks).
  """

  mix = ('gates',)
  num_experts: int = 4
  expert_from: int = -1

  def __post_init__(self):
    if self.num_experts < 1:
      raise ValueError(f'num_experts is {self.num_experts}; take 1 or more')
    super().__post_init__()

  @nn.compact
  def __call__(self, x, train):
    cut = self.stem_length(x)
    if cut:
      stem = base.Encoder(self.stages[:cut], name='shared_stem')
      x = stem(x, train)
    experts = base.Encoder(self.stages[cut:], name='shared_experts')
    features = base.stack(experts, self.num_experts, x, train)
    weights = self.gate(base.summary(x))  # [B, K, E]
    mixed = base.mix(lambda z: blend(weights, z), features)
    return self.predict(base.unstack(mixed, self.num_tasks))

  def gate(self, x):
    """Softmax gates without a bias, `[B, K, E]`."""
    shape = (self.num_tasks, x.shape[-1], self.num_experts)
    gates = self.param('gates', nn.initializers.normal(0.01), shape)
    scores = jnp.einsum('bc,tce->bte', x, gates)
    return nn.softmax(scores.astype(jnp.float32)).astype(x.dtype)

  def stem_length(self, x) -> int:
    is_vector = x.ndim == 2 and jnp.issubdtype(x.dtype, jnp.floating)
    cut = self.expert_from if self.expert_from >= 0 else int(not is_vector)
    if cut == 0 and not is_vector:
      raise ValueError(
        'a gate cannot read raw pixels or words; set expert_from=1'
      )
    if cut >= len(self.stages):
      raise ValueError(
        f'expert_from={cut} leaves no stage for the experts; '
        f'the encoder has {len(self.stages)}'
      )
    return cut


def blend(
  weights: Float[Array, 'batch tasks experts'],
  features: Float[Array, 'experts batch ...'],
) -> Float[Array, 'tasks batch ...']:
  """Each task's weighted sum over experts, in elementwise operations.

  As a product of matrices it would be one tiny product per row.
  """
  _, num_tasks, num_experts = weights.shape
  experts = base.unstack(features, num_experts)
  columns = weights.reshape(*weights.shape, *[1] * (features.ndim - 2))
  return jnp.stack(
    [
      sum(columns[:, t, e] * experts[e] for e in range(num_experts))
      for t in range(num_tasks)
    ]
  )
