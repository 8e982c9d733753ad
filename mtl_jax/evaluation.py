"""Every metric of a whole split, exact whatever the batch size."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from mtl_jax import precision
from mtl_jax.data.base import Split
from mtl_jax.state import System


def predict(
  system: System,
  params: Any,
  extra: Any,
  inputs: Any,
  batch_size: int,
  now: dict | None = None,
) -> tuple[Array, ...]:
  """Predictions of all rows, `batch_size` of them at a time.

  `now` is what the scheme is told of the training, if anything.
  """
  carried = {**extra, 'now': now} if now else extra
  size = jax.tree.leaves(inputs)[0].shape[0]
  count = -(-size // batch_size)

  def blocks(x):
    short = count * batch_size - size
    x = jnp.pad(x, [(0, short)] + [(0, 0)] * (x.ndim - 1))
    return x.reshape(count, batch_size, *x.shape[1:])

  def apply(rows):
    return precision.apply(
      system.scheme, system.compute, params, carried, rows, False
    )

  predictions = lax.map(apply, jax.tree.map(blocks, inputs))
  return jax.tree.map(lambda p: p.reshape(-1, p.shape[-1])[:size], predictions)


def evaluate(
  system: System,
  params: Any,
  extra: Any,
  data: Split,
  batch_size: int,
  now: dict | None = None,
) -> dict[str, dict[str, Array]]:
  """Every metric of every task, and its loss, over a whole split."""
  predictions = predict(system, params, extra, data.inputs, batch_size, now)
  results = {}
  for t, task in enumerate(system.tasks):
    labelled = predictions[t], data.labels[t], data.mask[:, t]
    values = {k: m.compute(*labelled) for k, m in task.metrics.items()}
    results[task.name] = {**values, 'loss': task.loss(*labelled)}
  return results
