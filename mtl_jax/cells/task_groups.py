"""Subsets of a data set's tasks, as data; rows stay, also those without labels.

Groups whose tasks are of the same kinds in the same order have one shape: they
are runs of one program, which knows its tasks as slots.
"""

import itertools
from collections.abc import Sequence

from mtl_jax.data import base
from mtl_jax.data.base import Data
from mtl_jax.tasks import Task

Group = tuple[int, ...]  # numbers of tasks, in the data set's order


def every(num_tasks: int, largest: int) -> list[Group]:
  """All subsets of two to `largest` tasks, smaller ones first."""
  sizes = range(2, largest + 1)
  return [g for n in sizes for g in itertools.combinations(range(num_tasks), n)]


def by_shape(
  tasks: Sequence[Task], groups: Sequence[Group]
) -> list[tuple[Group, ...]]:
  """The groups of each shape: kinds and fields of their tasks, in order."""
  found: dict[tuple, tuple[Group, ...]] = {}
  for group in groups:
    shape = tuple(tasks[t].shape for t in group)
    found[shape] = (*found.get(shape, ()), group)
  return list(found.values())


def part(data: Data, group: Group) -> Data:
  """The data with this group's tasks alone, named `slot_0`, `slot_1`, ..."""
  tasks = tuple(
    data.tasks[t].renamed(f'slot_{slot}') for slot, t in enumerate(group)
  )
  splits = {
    name: split._replace(
      labels=tuple(split.labels[t] for t in group),
      mask=split.mask[:, list(group)],
    )
    for name, split in data.splits.items()
  }
  card = data.card._replace(counts={})
  return base.counted(data._replace(**splits, tasks=tasks, card=card))


def first(data: Data, groups: Sequence[Group]) -> Data:
  """What the first run is trained on; all tasks where there are no groups."""
  return part(data, groups[0]) if groups else data


def numbered(settings: list[dict], groups: Sequence[Group]) -> list[dict]:
  """Every setting for every group; as they are where there are none."""
  if not groups:
    return settings
  return [{**s, 'group': n} for n in range(len(groups)) for s in settings]


def names(data: Data, groups: Sequence[Group]) -> list[list[str]]:
  """The tasks of each group."""
  return [[data.tasks[t].name for t in group] for group in groups]
