"""Evaluates a split: predictions and losses on device, metrics on the host."""

from collections.abc import Callable, Sequence
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
from mtl_jax.train import precision, predicted_maps
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
  reduce: Callable[[Sequence[Array], Array], Sequence[Any]] | None = None,
) -> Sequence[Any]:
  """Predicts all rows in evaluation mode, `batch_size` of them at a time.

  Args:
    system: what is compiled.
    params: the parameter tree.
    extra: further collections, such as running statistics.
    inputs: a pytree of leaves `[N, ...]`.
    batch_size: rows per call of the scheme.
    now: progress of the training for the scheme, see `Scheme.now`, or None.
    numbers: the rows of `inputs` to predict; None is all of them, in order.
    reduce: is applied to the predictions of a batch and the places of its rows
      among those to predict, some of which may be past the last; its results,
      trees of arrays `[batch, ...]`, are kept in place of the predictions.

  Returns:
    Each task's predictions `[rows, ...]` in float32.
  """
  variables = {**extra, 'now': now} if now else extra
  sliced = inputs if numbers is None else numbers
  size = jax.tree.leaves(sliced)[0].shape[0]
  count = -(-size // batch_size)

  def blocks(x):
    # The last batch is padded with zeros, whose predictions are cut off below.
    short = count * batch_size - size
    x = jnp.pad(x, [(0, short)] + [(0, 0)] * (x.ndim - 1))
    return x.reshape(count, batch_size, *x.shape[1:])

  def apply(block):
    rows, places = block
    if numbers is not None:
      rows = sources.gathered(inputs, rows)
    found = precision.apply(
      system.scheme, system.compute, params, variables, rows, False
    )
    return reduce(found, places) if reduce else found

  places = jnp.arange(count * batch_size).reshape(count, batch_size)
  predictions = lax.map(apply, (jax.tree.map(blocks, sliced), places))
  # Only the two row axes merge; a prediction may have several more axes.
  return jax.tree.map(lambda p: p.reshape(-1, *p.shape[2:])[:size], predictions)


def predicted(
  system: System,
  params: Any,
  extra: Any,
  data: Split | Source,
  batch_size: int,
  now: dict | None = None,
) -> tuple[Float[Array, 'tasks'], Sequence[Any]]:
  """Task losses of a split, and what its metrics are computed from.

  Args:
    system: what is compiled.
    params: the parameter tree.
    extra: further collections, such as running statistics.
    data: the split, or the source of one.
    batch_size: rows per call of the scheme.
    now: progress of the training for the scheme, see `Scheme.now`, or None.

  Returns:
    The losses `[K]`; and for each task its predictions `[N, outputs]`, or a
    summary of them where they are large, see `scores.summarised`.
  """
  source = sources.of(data)
  inputs, numbers = sources.inputs(source)
  reduce = predicted_maps.reducer(system.tasks, source)
  outputs = predict(
    system, params, extra, inputs, batch_size, now, numbers, reduce
  )
  known = Split((), *(sources.whole(source, p) for p in Split._fields[1:]))
  if reduce:
    losses = predicted_maps.losses(system.tasks, outputs, known)
    outputs = tuple(
      one.summary if isinstance(one, predicted_maps.Measured) else one
      for one in outputs
    )
  else:
    losses = task_losses(system.tasks, outputs, known)
  weights = scores.weights(known.mask, known.weights)
  summaries = {
    t: task.made.summary(outputs[t], known.labels[t], weights[:, t])
    for t, task in enumerate(system.tasks)
    if not task.dense and scores.summarised(task, known.mask.shape[0])
  }
  if summaries:
    outputs = tuple(summaries.get(t, one) for t, one in enumerate(outputs))
  return losses, outputs


def evaluate(
  system: System,
  params: Any,
  extra: Any,
  data: Split | View,
  batch_size: int,
  now: dict | None = None,
) -> dict[str, dict[str, float]]:
  """Every metric of every task, and its loss, over a split.

  Predictions are compiled and metrics are computed on the host, so this cannot
  be called inside `jit`.

  Args:
    system: what is compiled.
    params: the parameter tree.
    extra: further collections, such as running statistics.
    data: the split.
    batch_size: rows per call of the scheme.
    now: progress of the training for the scheme, see `Scheme.now`, or None.

  Returns:
    `{task: {metric: value}}`, with `loss` among the metrics. A metric that
    raises is NaN.
  """
  data = Split(*data)
  losses, outputs = jax.device_get(
    _compiled(system, params, extra, data, batch_size, now)
  )
  # `scores.of_runs` takes an axis of runs.
  one = jax.tree.map(lambda x: np.asarray(x)[None], outputs)
  read = [
    None if task.dense else own
    for task, own in zip(system.tasks, data.labels, strict=True)
  ]
  labels, *by_row = jax.device_get((read, data.mask, data.weights))
  known = scores.Labels(labels, scores.weights(*by_row))
  values = scores.of_runs(system.tasks, one, known, losses[None]).values
  return jax.tree.map(lambda x: x[0].item(), values)


_compiled = jax.jit(predicted, static_argnums=(0, 4))
