"""Which tasks to train together, for a given number of networks.

A grouping chooses networks, each trained on a group of tasks, and lets each
task be served by one of them (Standley et al., ICML 2020, arXiv:1905.07553). A
network may be trained on a task that it does not serve.

The search is exact. Tasks that one network serves are a block, so a grouping is
a partition into blocks, and a dynamic program over subsets of the K tasks finds
the best one in 3^K steps for each network: a second for 10 tasks.
"""

import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

Group = tuple[int, ...]  # numbers of tasks, ascending
Gains = Mapping[Group, np.ndarray]  # of a group's tasks, in its order; + helps
# [K, K]: how much task i helps task j; the diagonal is not read.
Affinity = np.ndarray


class Grouping(NamedTuple):
  """Networks by the tasks that each serves; `score` is the mean over tasks."""

  networks: tuple[tuple[Group, Group], ...]  # (trained on, serves)
  score: float


def best(gains: Gains, num_tasks: int, budget: int) -> Grouping | None:
  """Finds the grouping of the highest mean gain.

  Args:
    gains: of the tasks of each group that may be trained.
    num_tasks: all of which are to be served.
    budget: the largest number of networks.

  Returns:
    Of equal groupings one with the fewest networks. None if no grouping within
    the budget serves every task.
  """
  return best_of_each(gains, num_tasks, budget)[-1]


def best_of_each(
  gains: Gains, num_tasks: int, largest: int
) -> list[Grouping | None]:
  """Returns `best` for every budget from 1 to the largest, by one search."""
  blocks = _best_blocks(gains)

  # Every partition is built once: each block holds the first task that is left.
  # The margin of 1e-12 makes the choice among equals independent of rounding.

  @functools.cache
  def search(left: Group, networks: int) -> tuple[float, tuple]:
    if not left:
      return 0.0, ()
    best_so_far = -np.inf, ()
    for block, rest in _first_blocks(left) if networks else ():
      if block in blocks:
        score, group = blocks[block]
        more, others = search(rest, networks - 1)
        if score + more > best_so_far[0] + 1e-12:
          best_so_far = score + more, ((group, block), *others)
    return best_so_far

  every = tuple(range(num_tasks))
  ways = [search(every, networks) for networks in range(1, largest + 1)]
  # `max` returns the first of equals, so that fewer networks are preferred.
  ways = itertools.accumulate(ways, lambda *two: max(two, key=lambda w: w[0]))
  return [
    Grouping(networks, score / num_tasks) if networks else None
    for score, networks in ways
  ]


def realised(grouping: Grouping, gains: Gains) -> np.ndarray:
  """Returns the gain of each task under a grouping.

  Args:
    grouping: of all tasks.
    gains: of the tasks of each group, with any further axes.

  Returns:
    `[K, ...]`.
  """
  served = {
    task: gains[group][group.index(task)]
    for group, block in grouping.networks
    for task in block
  }
  return np.array([served[task] for task in sorted(served)])


def at_random(gains: Gains, num_tasks: int, networks: int) -> float | None:
  """Returns the mean gain over all partitions of the tasks into groups.

  Exact. Partitions count alike; each of their groups is one of `gains` and
  serves the tasks that it is trained on.

  Args:
    gains: of the tasks of each group that may be trained.
    num_tasks: all of which are to be served.
    networks: the number of groups in a partition.

  Returns:
    The mean over tasks; None if there is no such partition.
  """
  # The sum over all partitions needs their number as well: a block's total is
  # counted once for every way to partition the other tasks.
  totals = {group: float(np.sum(values)) for group, values in gains.items()}

  @functools.cache
  def count(left: Group, networks: int) -> tuple[int, float]:
    if not left or not networks:
      return int(not left and not networks), 0.0
    ways, total = 0, 0.0
    for block, rest in _first_blocks(left):
      if block in totals:
        more, sums = count(rest, networks - 1)
        ways, total = ways + more, total + sums + more * totals[block]
    return ways, total

  ways, total = count(tuple(range(num_tasks)), networks)
  return total / ways / num_tasks if ways else None


def predicted(affinity: Affinity, groups: Iterable[Group]) -> Gains:
  """Predicts each task's gain in a group as its mean affinity from the others.

  From gains of pairs it is Standley et al.'s higher-order estimate, from
  look-ahead affinities the score of TAG (arXiv:2109.04617). A task alone gains
  0: its affinity to itself is not comparable.

  Args:
    affinity: `[K, K]`, i -> j.
    groups: to predict.

  Returns:
    The gains of the tasks of each group, in its order.
  """
  return {group: _incoming(affinity, group) for group in groups}


def _incoming(affinity: Affinity, group: Group) -> np.ndarray:
  if len(group) == 1:
    return np.zeros(1)
  part = affinity[np.ix_(group, group)]
  others = ~np.eye(len(group), dtype=bool)
  return part.mean(0, where=others)


def _best_blocks(gains: Gains) -> dict[Group, tuple[float, Group]]:
  """For every set of tasks, score and group of its best network."""
  best_of: dict[Group, tuple[float, Group]] = {}
  # Small groups first, so that of equal networks the cheapest is taken.
  for group in sorted(gains, key=lambda g: (len(g), g)):
    of_task = dict(zip(group, np.asarray(gains[group], float), strict=True))
    for block in _subsets(group):
      score = sum(of_task[task] for task in block)
      if score > best_of.get(block, (-np.inf,))[0] + 1e-12:
        best_of[block] = score, group
  return best_of


def _first_blocks(left: Group) -> Iterator[tuple[Group, Group]]:
  """Yields every block with the first task left, and the other tasks left."""
  for others in _subsets(left[1:], smallest=0):
    rest = tuple(task for task in left[1:] if task not in others)
    yield (left[0], *others), rest


def _subsets(tasks: Group, smallest: int = 1) -> Iterator[Group]:
  sizes = range(smallest, len(tasks) + 1)
  return itertools.chain.from_iterable(
    itertools.combinations(tasks, size) for size in sizes
  )
