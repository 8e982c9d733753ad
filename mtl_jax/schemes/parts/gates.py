"""Gates over experts, and what they are watched for."""

from collections.abc import Sequence

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.schemes import base

Gate = Float[Array, 'batch ... experts']
start = nn.initializers.normal(0.01)


def softmax(x: Float[Array, 'b c'], kernel: Float[Array, '*tasks c e']) -> Gate:
  """A gate without a bias, its softmax in float32."""
  scores = jnp.einsum('bc,...ce->b...e', x, kernel)
  return nn.softmax(scores.astype(jnp.float32)).astype(x.dtype)


def weighted(
  gate: Float[Array, 'batch experts'], features: Sequence[base.Features]
) -> base.Features:
  """The sum of the experts' features by their weights.

  In elementwise operations: as a product of matrices it would be one tiny
  product per row.
  """
  values = [base.values(h) for h in features]
  columns = gate.reshape(*gate.shape, *[1] * (values[0].ndim - 1))
  total = sum(columns[:, e] * h for e, h in enumerate(values))
  return base.alter(lambda _: total, features[0])


def mixtures(
  gate: Float[Array, 'batch tasks experts'], features: Sequence[base.Features]
) -> base.Features:
  """Each task's sum of the experts' features by its weights, `[K, B, ...]`.

  Args:
    gate: one row per task.
    features: of each expert, `[1, B, ...]` where all tasks read the same and
      `[K, B, ...]` where each task has an expert of its own.
  """
  values = [base.values(h) for h in features]
  columns = jnp.moveaxis(gate, 1, 0)  # [K, B, E]
  columns = columns.reshape(*columns.shape, *[1] * (values[0].ndim - 2))
  total = sum(columns[:, :, e] * h for e, h in enumerate(values))
  return base.mix(lambda _: total, features[0])


def record(scheme: base.Scheme, gate: Float[Array, 'batch tasks experts']):
  """Reads mean gates, their entropy in nats, and each expert's share."""
  if not scheme.recording:
    return
  means = gate.astype(jnp.float32).mean(0)
  logs = jnp.log(jnp.maximum(gate.astype(jnp.float32), 1e-30))
  scheme.record('gate', means, 'task', 'expert')
  scheme.record('entropy', -(gate * logs).sum(-1).mean(0), 'task')
  scheme.record('use', means.mean(0), 'expert')


def imbalance(gate: Float[Array, 'batch tasks experts']) -> Float[Array, '']:
  """Squared variation of the experts' importance, arXiv:1701.06538, eq. 6."""
  importance = gate.astype(jnp.float32).sum(0)  # [K, E]
  mean = importance.mean(-1, keepdims=True)
  return (jnp.square(importance - mean).mean(-1) / mean[:, 0] ** 2).mean()
