"""Gates over experts, and what is recorded of them."""

from collections.abc import Callable, Sequence

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax import layers
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
  dimensions = base.values(features[0]).ndim - 1
  columns = gate.reshape(*gate.shape, *[1] * dimensions)

  def total(arrays):
    return sum(columns[:, e] * h for e, h in enumerate(arrays))

  return _joined(total, features, base.alter)


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
  dimensions = base.values(features[0]).ndim - 2
  columns = jnp.moveaxis(gate, 1, 0)  # [K, B, E]
  columns = columns.reshape(*columns.shape, *[1] * dimensions)

  def total(arrays):
    return sum(columns[:, :, e] * h for e, h in enumerate(arrays))

  return _joined(total, features, base.mix)


def _joined(
  total: Callable, features: Sequence[base.Features], keep: Callable
) -> base.Features:
  """Sums the experts' features, and what they kept for a decoder likewise.

  Args:
    total: of one array per expert.
    features: of each expert.
    keep: `base.alter` or `base.mix`, for what else is beside the features.

  Raises:
    ValueError: they kept places of maxima, which have no sum.
  """
  values = total([base.values(h) for h in features])
  if not isinstance(features[0], layers.Skips):
    return keep(lambda _: values, features[0])
  kept = [h.skips for h in features]
  if any(jnp.issubdtype(x.dtype, jnp.integer) for x in kept[0]):
    raise ValueError(
      'experts meet before the decoder has read the places of maxima that each '
      'has kept, which cannot be mixed; let them meet after the last stage '
      '(tower_from=-1, one level), or take encoder unet'
    )
  skips = tuple(total(own) for own in zip(*kept, strict=True))
  return layers.Skips(values, skips)


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
