"""The vector of task losses of a batch."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mtl_jax import devices
from mtl_jax.data import stacked
from mtl_jax.data.base import Split
from mtl_jax.tasks import Task


@jax.named_scope('losses')
def task_losses(
  tasks: tuple[Task, ...], predictions: Sequence[Array], batch: Split
) -> Float[Array, 'tasks']:
  """Each task's weighted mean loss over its valid labels.

  Args:
    tasks: K tasks.
    predictions: one array per task, `[B, outputs]` or stacks of them.
    batch: labels, the mask `[B, K]` of valid ones, and their weights or None.

  Returns:
    Raw losses `[K]`, without the weights of tasks; 0 for a task without a valid
    label.
  """
  # Tasks of one kind are computed together, since many small operations cost
  # more in launches than in arithmetic.
  groups = alike(tasks, stacked.shapes_of(batch.labels))
  order = [t for members in groups for t in members]
  ends = np.cumsum([len(members) for members in groups])[:-1]
  # Masks, and weights if there are any.
  by_row = [
    jnp.split(stacked.permuted(one, tuple(order), 1), ends, 1)
    for one in jax.tree.leaves((batch.mask, batch.weights))
  ]
  by_row = devices.whole(by_row)  # saves communication, see `take_rows`
  parts = [
    jax.vmap(tasks[members[0]].loss, 1)(*own)
    for members, *own in zip(
      groups,
      stacked.groups_of(predictions, groups),
      stacked.groups_of(batch.labels, groups),
      *by_row,
      strict=True,
    )
  ]
  losses = jnp.concatenate(parts) if len(parts) > 1 else parts[0]
  return stacked.permuted(losses, tuple(np.argsort(order).tolist()), 0)


def alike(tasks: Sequence[Task], shapes: Sequence[tuple]) -> list[list[int]]:
  """Groups tasks whose losses one `vmap` can compute.

  Args:
    tasks: K tasks.
    shapes: of each task's labels.

  Returns:
    The task numbers of each group: tasks of one kind, with equal fields and
    equal shapes of labels.
  """
  groups: dict[tuple, list[int]] = {}
  for t, (task, shape) in enumerate(zip(tasks, shapes, strict=True)):
    groups.setdefault((task.shape, shape), []).append(t)
  return list(groups.values())
