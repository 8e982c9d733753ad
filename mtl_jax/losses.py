"""The vector of task losses of a batch."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax import devices
from mtl_jax.data.base import Split
from mtl_jax.tasks import Task


@jax.named_scope('losses')
def task_losses(
  tasks: tuple[Task, ...], predictions: tuple[Array, ...], batch: Split
) -> Float[Array, 'tasks']:
  """Each task's mean loss over its valid labels."""
  losses = [None] * len(tasks)
  # Tasks of one kind are computed together: small operations cost their call.
  for members in alike(tasks, [labels.shape for labels in batch.labels]):
    predicted, labels, mask = [
      jnp.stack([column[t] for t in members])
      for column in (predictions, batch.labels, batch.mask.T)
    ]
    mask = devices.whole(mask)  # spares a message, see `take_rows`
    values = jax.vmap(tasks[members[0]].loss)(predicted, labels, mask)
    for i, t in enumerate(members):
      losses[t] = values[i]
  return jnp.stack(losses)


def alike(tasks: Sequence[Task], shapes: Sequence[tuple]) -> list[list[int]]:
  """Numbers of the tasks of each kind with equal fields and labels' shapes."""
  found: dict[tuple, list[int]] = {}
  for t, (task, shape) in enumerate(zip(tasks, shapes, strict=True)):
    found.setdefault((task.shape, shape), []).append(t)
  return list(found.values())
