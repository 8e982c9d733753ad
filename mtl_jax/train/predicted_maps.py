"""Maps of dense tasks are measured by batch, and never held for a split."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.data import sources
from mtl_jax.data.base import Split
from mtl_jax.data.sources import Source
from mtl_jax.tasks import Task, base


class Measured(NamedTuple):
  """What is kept of the predicted maps of a dense task.

  Attributes:
    losses: of each row, `[B]`.
    counts: how many values of a row its loss averages, `[B]`.
    summary: `[B, ...]`, of which the metrics are computed.
  """

  losses: Array
  counts: Array
  summary: Array


def reducer(tasks: Sequence[Task], source: Source) -> Callable | None:
  """Returns what `evaluation.predict` applies to each batch of predictions.

  Args:
    tasks: K tasks.
    source: of the split that is predicted.

  Returns:
    A function that replaces the predictions of dense tasks by `Measured`; None
    if there is no dense task.
  """
  if not any(task.dense for task in tasks):
    return None

  def reduce(predictions, places):
    labels = sources.part(source, 'labels', places)
    pairs = enumerate(zip(tasks, predictions, strict=True))
    return tuple(
      _measured(task, maps, labels[t]) if task.dense else maps
      for t, (task, maps) in pairs
    )

  return reduce


def losses(
  tasks: Sequence[Task], outputs: Sequence[Any], known: Split
) -> Float[Array, 'tasks']:
  """Each task's loss over a split, some of them dense.

  Args:
    tasks: K tasks.
    outputs: `Measured` of each dense task, and predictions of the others.
    known: labels, masks and weights of the split.

  Returns:
    `[K]`, as `losses.task_losses`.
  """
  each = []
  for t, (task, output) in enumerate(zip(tasks, outputs, strict=True)):
    own = None if known.weights is None else known.weights[:, t]
    mask = known.mask[:, t]
    if task.dense:
      counts = output.counts if own is None else output.counts * own
      each.append(base.mean(output.losses, mask, counts))
    else:
      each.append(task.loss(output, known.labels[t], mask, own))
  return jnp.stack(each)


def _measured(task: Task, predictions: Array, labels: Array) -> Measured:
  kind = task.made
  ones = jnp.ones(len(labels))
  counts = kind.counts(labels).astype(jnp.float32) if kind.counts else ones
  summary = kind.summary(predictions, labels, ones)
  return Measured(kind.loss(predictions, labels), counts, summary)
