"""The data that the runs of a cell read, in memory once where possible.

One data set for all seeds is shared by all runs. Where data sets are splits of
one table, the table is shared and each run has row numbers. All else is copied
for each run, and so are labels where runs are trained on different tasks.
"""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Integer

from mtl_jax.cells import task_groups
from mtl_jax.cells.task_groups import Group
from mtl_jax.data import padded, views
from mtl_jax.data.base import Data, Split
from mtl_jax.data.sources import Source
from mtl_jax.data.views import View
from mtl_jax.errors import InputError
from mtl_jax.tasks import scores
from mtl_jax.train import selection

EVALUATED = ('valid', 'test')


class Reading:
  """A cell's data in the form in which its programs read them.

  Attributes:
    shared: names of the fields of `Split` that all runs share.
    by_rows: whether each run has row numbers of a shared table.
    counts: by split, number of rows of each data set.
    lengths: by split, number of rows to which every run is padded.

  Args:
    datas: one data set per seed, or one for all seeds.
    groups: subsets of the tasks, where runs are trained on different ones.
  """

  def __init__(self, datas: Sequence[Data], groups: Sequence[Group] = ()):
    self._datas, self._groups = datas, groups
    single = len(datas) == 1
    self._weighted = [
      name for name, s in datas[0].splits.items() if s.weights is not None
    ]
    # Without weights a cell is what it was before they existed.
    fields = Split._fields if self._weighted else Split._fields[:-1]
    self.shared = {
      name
      for name in fields
      if not (groups and name != 'inputs') and (single or _common(datas, name))
    }
    # A single data set is shared whole, and needs no row numbers.
    self.by_rows = bool(self.shared) and not single
    self.counts = {
      name: np.array([len(d.splits[name].mask) for d in datas], np.int32)
      for name in datas[0].splits
    }
    self.lengths = _lengths(self.counts)

  @property
  def form(self) -> list:
    """All that determines the shapes of a program's arguments."""
    form = [sorted(self.shared), self.by_rows, sorted(self.lengths.items())]
    return [*form, self._weighted] if self._weighted else form

  def shapes(self) -> dict[str, Source]:
    """By split, shapes of what one run reads.

    Shapes of a shared table are the same object in all splits, so that its
    memory is counted once.
    """
    first = self._datas[0].splits
    table = first['train'].table.parts if self.by_rows else ()
    table = jax.tree.map(
      lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), table
    )

    def of(split, name, rows):
      if self.by_rows and name in self.shared:
        return getattr(table, name)
      group = self._groups[0] if self._groups else ()
      return jax.tree.map(
        lambda x: jax.ShapeDtypeStruct((rows, *x.shape[1:]), x.dtype),
        _of_group(views.first(split, 1), name, group),
      )

    sources = {}
    for key, rows in self.lengths.items():
      parts = Split(*(of(first[key], name, rows) for name in Split._fields))
      numbers = jax.ShapeDtypeStruct((rows,), np.int32)
      sources[key] = Source(
        *self._divided(parts), numbers if self.by_rows else None
      )
    return sources

  def shared_parts(self, keys: Sequence[str] = ()) -> dict[str, Split]:
    """By split, the fields that all runs share, on the host; else None.

    Args:
      keys: names of the splits; () is all.
    """
    return {key: self._shared(key) for key in keys or self.lengths}

  def own_parts(
    self, which: Integer[np.ndarray, 'runs'], groups: Sequence[Group] = ()
  ) -> dict[str, tuple[Split, Any]]:
    """Stacks what each run reads alone, on the host.

    Args:
      which: number of the data set of each run, `[R]`.
      groups: the tasks of each run; `()` where every run has all.

    Returns:
      By split, the fields that are not shared, `[R, rows, ...]`, and the row
      numbers `[R, rows]`, or None without a shared table.
    """
    runs = [(w, groups[i] if groups else ()) for i, w in enumerate(which)]
    return {
      key: (
        Split(*(self._stacked(key, name, runs) for name in Split._fields)),
        self._rows(key, which) if self.by_rows else None,
      )
      for key in self.lengths
    }

  def known(
    self, shared: dict[str, Split], own: dict[str, tuple[Split, Any]]
  ) -> dict[str, scores.Labels]:
    """Collects the labels of validation and test for metrics on the host.

    Args:
      shared: from `shared_parts`.
      own: from `own_parts`.

    Returns:
      By split, labels and mask, with an axis of runs where runs differ.
    """

    def of(key, name):
      # Each field is either shared by all runs or a copy for each of them.
      common, (copies, rows) = getattr(shared[key], name), own[key]
      if common is None:
        return getattr(copies, name)
      gather = padded.gathered(rows) if self.by_rows else (lambda x: x)
      if name == 'labels':
        common = self._of_vectors(common)
      return jax.tree.map(gather, common)

    return {
      key: scores.Labels(
        self._of_vectors(of(key, 'labels')),
        scores.weights(of(key, 'mask'), of(key, 'weights')),
      )
      for key in EVALUATED
    }

  def _of_vectors(self, labels: Sequence[Any]) -> Sequence[Any]:
    """Labels of all tasks, but None for maps, which metrics do not read."""
    # Groups have tasks of the same kinds, in the same order.
    tasks = task_groups.first(self._datas[0], self._groups).tasks
    if not any(task.dense for task in tasks):
      return labels
    pairs = zip(tasks, labels, strict=True)
    return tuple(None if task.dense else x for task, x in pairs)

  def _divided(self, parts: Split) -> tuple[Split, Split]:
    """Two splits: the shared fields and the others, with None for the rest."""
    fields = parts._asdict().items()
    return tuple(
      Split(
        *(tree if (k in self.shared) == shared else None for k, tree in fields)
      )
      for shared in (True, False)
    )

  def _shared(self, key: str) -> Split:
    first, length = self._datas[0].splits[key], self.lengths[key]

    def of(name):
      if name not in self.shared:
        return None
      if self.by_rows:
        return getattr(first.table.parts, name)
      return jax.tree.map(
        lambda x: padded.padded(x, length), getattr(first, name)
      )

    return Split(*map(of, Split._fields))

  def _rows(self, key: str, which: Integer[np.ndarray, 'runs']) -> np.ndarray:
    """Row numbers `[R, rows]`, padded with the number of rows of the table."""
    total = len(jax.tree.leaves(self._datas[0].splits[key].table.parts)[0])
    numbers = [self._datas[w].splits[key].rows for w in which]
    padded_rows = np.full((len(numbers), self.lengths[key]), total, np.int32)
    for padded_row, rows in zip(padded_rows, numbers, strict=True):
      padded_row[: len(rows)] = rows
    return padded_rows

  def _stacked(self, key: str, name: str, runs: list) -> Any:
    if name in self.shared:
      return None
    # A generator: one data set at a time is loaded while rows are stacked.
    trees = (
      _of_group(self._datas[w].splits[key], name, group) for w, group in runs
    )
    return padded.filled(trees, len(runs), self.lengths[key])


def _common(datas: Sequence[Data], name: str) -> bool:
  """Whether all splits view this field of one and the same table."""
  splits = [split for data in datas for split in data.splits.values()]
  if not all(isinstance(s, View) and name not in s.own for s in splits):
    return False
  # Identity, not equality: equal copies would still be in memory twice.
  first = getattr(splits[0].table.parts, name)
  return all(getattr(s.table.parts, name) is first for s in splits)


def _lengths(counts: dict[str, np.ndarray]) -> dict[str, int]:
  """By split, the rows to pad to: those of the largest data set."""
  # Splits of groups of rows differ a little in size; a large difference would
  # waste memory and time on padding.
  for rows in counts.values():
    if rows.min() < rows.max() / 2:
      raise InputError(
        f'config.resplit: one split has {rows.min()} rows and another '
        f'{rows.max()}; set config.resplit=False or make the groups more equal'
      )
  largest = {name: int(rows.max()) for name, rows in counts.items()}
  # With as many rows validation and test share one compiled program.
  common = selection.common_rows(*(largest[name] for name in EVALUATED))
  return largest | dict(zip(EVALUATED, common, strict=True))


def _of_group(split: Split | View, name: str, group: Group) -> Any:
  """A field of a split for the tasks of a group; `()` keeps all tasks."""
  tree = getattr(split, name)
  if not group or name == 'inputs':
    return tree
  if name == 'labels':
    return tuple(tree[t] for t in group)
  return task_groups.columns(tree, group)
