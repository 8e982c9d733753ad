"""Subsets of a data set's tasks; all rows stay, also those without labels.

Groups whose tasks have the same kinds in the same order are of one shape. They
are runs of one program, in which tasks have the names `slot_0`, `slot_1`, ...
"""

import itertools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Shaped

from mtl_jax.data import base
from mtl_jax.data.base import Data
from mtl_jax.tasks import Task

Group = tuple[int, ...]  # numbers of tasks in the data set


def every(num_tasks: int, largest: int) -> list[Group]:
  """Returns all subsets of two or more tasks, smaller ones first.

  Args:
    num_tasks: of the data set.
    largest: number of tasks of the largest subsets.
  """
  sizes = range(2, largest + 1)
  return [g for n in sizes for g in itertools.combinations(range(num_tasks), n)]


def by_shape(
  tasks: Sequence[Task], groups: Sequence[Group]
) -> list[tuple[Group, ...]]:
  """Sorts groups by shape: the kinds and fields of their tasks, in order.

  Args:
    tasks: of the data set.
    groups: subsets of them.

  Returns:
    The groups of each shape, in the order of `groups`.
  """
  of_shape: dict[tuple, tuple[Group, ...]] = {}
  for group in groups:
    shape = tuple(tasks[t].shape for t in group)
    of_shape[shape] = (*of_shape.get(shape, ()), group)
  return list(of_shape.values())


def part(data: Data, group: Group) -> Data:
  """Selects the tasks of a group, and names them `slot_0`, `slot_1`, ...

  Args:
    data: with all tasks.
    group: the tasks to select.

  Returns:
    The data with the same rows, and the labels of these tasks.
  """
  tasks = tuple(data.tasks[t].renamed(f'slot_{i}') for i, t in enumerate(group))
  splits = {
    name: split._replace(
      labels=tuple(split.labels[t] for t in group),
      mask=split.mask[:, list(group)],
      weights=columns(split.weights, group),
    )
    for name, split in data.splits.items()
  }
  card = data.card._replace(counts={})
  scales = tuple(data.scales[t] for t in group) if data.scales else ()
  fields = {**splits, 'tasks': tasks, 'card': card, 'scales': scales}
  return base.counted(data._replace(**fields))


def columns(
  weights: Shaped[np.ndarray, 'rows all'] | None, group: Group
) -> Shaped[np.ndarray, 'rows tasks'] | None:
  """The weights of the tasks of a group; None stays None."""
  return None if weights is None else weights[:, list(group)]


def first(data: Data, groups: Sequence[Group]) -> Data:
  """Returns the data of the first run.

  Args:
    data: with all tasks.
    groups: the first one's tasks are selected; all stay without groups.
  """
  return part(data, groups[0]) if groups else data


def numbered(settings: list[dict], groups: Sequence[Group]) -> list[dict]:
  """Combines every setting with every group.

  Args:
    settings: of hyperparameters.
    groups: their numbers become the entry `group` of the settings; without
      groups the settings are returned as they are.
  """
  if not groups:
    return settings
  return [{**s, 'group': n} for n in range(len(groups)) for s in settings]


def names(data: Data, groups: Sequence[Group]) -> list[list[str]]:
  """Returns the names of the tasks of each group.

  Args:
    data: with all tasks.
    groups: subsets of them.
  """
  return [[data.tasks[t].name for t in group] for group in groups]
