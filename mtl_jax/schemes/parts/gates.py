"""Gates over experts, and what is recorded of them."""

from collections.abc import Sequence

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.schemes import base

Gate = Float[Array, 'batch ... experts']
start = nn.initializers.normal(0.01)


def softmax(x: Float[Array, 'b c'], kernel: Float[Array, '*tasks c e']) -> Gate:
  """A softmax gate without bias, computed in float32.

  Args:
    x: the gate's input.
    kernel: weights of one gate, or of one per task.

  Returns:
    Weights of the experts in the dtype of `x`, `[B, E]` or `[B, K, E]`.
  """
  scores = jnp.einsum('bc,...ce->b...e', x, kernel)
  return nn.softmax(scores.astype(jnp.float32)).astype(x.dtype)


def weighted(
  gate: Float[Array, 'batch experts'], features: Sequence[base.Features]
) -> base.Features:
  """Weighted sum of the experts' features, with one gate for all tasks.

  Elementwise operations are used because a matrix product would be one tiny
  product per row.

  Args:
    gate: weights of the experts for each row.
    features: of each expert, `[B, ..., C]`.

  Returns:
    Features `[B, ..., C]`.
  """
  values = [base.values(h) for h in features]
  columns = gate.reshape(*gate.shape, *[1] * (values[0].ndim - 1))
  total = sum(columns[:, e] * h for e, h in enumerate(values))
  return base.alter(lambda _: total, features[0])


def mixtures(
  gate: Float[Array, 'batch tasks experts'], features: Sequence[base.Features]
) -> base.Features:
  """Weighted sums of the experts' features, with one gate per task.

  Args:
    gate: weights of the experts for each row and task.
    features: of each expert, `[1, B, ..., C]` if all tasks share it, and
      `[K, B, ..., C]` if each task has its own.

  Returns:
    Features `[K, B, ..., C]`.
  """
  values = [base.values(h) for h in features]
  columns = jnp.moveaxis(gate, 1, 0)  # [K, B, E]
  columns = columns.reshape(*columns.shape, *[1] * (values[0].ndim - 2))
  total = sum(columns[:, :, e] * h for e, h in enumerate(values))
  return base.mix(lambda _: total, features[0])


def record(scheme: base.Scheme, gate: Float[Array, 'batch tasks experts']):
  """Records mean gates, their entropy in nats, and each expert's use.

  Args:
    scheme: the scheme that records.
    gate: weights of the experts for each row and task.
  """
  if not scheme.recording:
    return
  means = gate.astype(jnp.float32).mean(0)
  # Weights that underflow contribute 0, not NaN.
  logs = jnp.log(jnp.maximum(gate.astype(jnp.float32), 1e-30))
  scheme.record('gate', means, 'task', 'expert')
  scheme.record('entropy', -(gate * logs).sum(-1).mean(0), 'task')
  scheme.record('use', means.mean(0), 'expert')


def imbalance(gate: Float[Array, 'batch tasks experts']) -> Float[Array, '']:
  """Load-balancing loss: squared coefficient of variation of importance.

  Shazeer et al., ICLR 2017, arXiv:1701.06538, eq. 6; mean over tasks.
  """
  importance = gate.astype(jnp.float32).sum(0)  # [K, E]
  mean = importance.mean(-1, keepdims=True)
  return (jnp.square(importance - mean).mean(-1) / mean[:, 0] ** 2).mean()
