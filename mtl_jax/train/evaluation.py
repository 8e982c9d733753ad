"""A whole split: predictions and losses on the device, metrics on the host."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from mtl_jax.data import sources
from mtl_jax.data.base import Split
from mtl_jax.data.sources import Source
from mtl_jax.data.views import View
from mtl_jax.tasks import scores
from mtl_jax.train import precision
from mtl_jax.train.losses import task_losses
from mtl_jax.train.state import System


def predict(
  system: System,
  params: Any,
  extra: Any,
  inputs: Any,
  batch_size: int,
  now: dict | None = None,
  numbers: Int[Array, 'rows'] | None = None,
) -> Sequence[Array]:
  """Predictions of all rows, `batch_size` of them at a time.

  `now` is what the scheme is told of the training, if anything; `numbers` are
  of the rows to predict, all one after the other where there are none.
  """
  carried = {**extra, 'now': now} if now else extra
  taken = inputs if numbers is None else numbers
  size = jax.tree.leaves(taken)[0].shape[0]
  count = -(-size // batch_size)

  def blocks(x):
    short = count * batch_size - size
    x = jnp.pad(x, [(0, short)] + [(0, 0)] * (x.ndim - 1))
    return x.reshape(count, batch_size, *x.shape[1:])

  def apply(rows):
    if numbers is not None:
      rows = sources.gathered(inputs, rows)
    return precision.apply(
      system.scheme, system.compute, params, carried, rows, False
    )

  predictions = lax.map(apply, jax.tree.map(blocks, taken))
  # Rows alone are joined: behind them may stand more than one axis.
  return jax.tree.map(lambda p: p.reshape(-1, *p.shape[2:])[:size], predictions)


def predicted(
  system: System,
  params: Any,
  extra: Any,
  data: Split | Source,
  batch_size: int,
  now: dict | None = None,
) -> tuple[Float[Array, 'tasks'], Sequence[Any]]:
  """Task losses of a whole split, and what its metrics are computed of.

  Of each task that is its predictions `[N, outputs]`, or a summary of them
  where they are large (`scores.summarised`).
  """
  source = sources.of(data)
  inputs, numbers = sources.inputs(source)
  found = predict(system, params, extra, inputs, batch_size, now, numbers)
  known = Split((), *(sources.whole(source, p) for p in ('labels', 'mask')))
  losses = task_losses(system.tasks, found, known)
  made = {
    t: task.made.summary(found[t], known.labels[t], known.mask[:, t])
    for t, task in enumerate(system.tasks)
    if scores.summarised(task, known.mask.shape[0])
  }
  if made:
    found = tuple(made.get(t, one) for t, one in enumerate(found))
  return losses, found


def evaluate(
  system: System,
  params: Any,
  extra: Any,
  data: Split | View,
  batch_size: int,
  now: dict | None = None,
) -> dict[str, dict[str, float]]:
  """Every metric of every task, and its loss, over a whole split.

  Predictions are compiled, metrics are computed on the host: not for use inside
  `jit`. A metric that raises is NaN.
  """
  data = Split(*data)
  losses, found = jax.device_get(
    _compiled(system, params, extra, data, batch_size, now)
  )
  one = jax.tree.map(lambda x: np.asarray(x)[None], found)
  known = scores.Labels(*jax.device_get((data.labels, data.mask)))
  values = scores.of_runs(system.tasks, one, known, losses[None]).values
  return jax.tree.map(lambda x: x[0].item(), values)


_compiled = jax.jit(predicted, static_argnums=(0, 4))
