"""What the runs of a cell read of its data, held once where that is possible.

One data set for all seeds is shared as it is. Of several, whatever they cut
from one table is shared, and runs have row numbers; all else is a copy for each
run. Where runs have other tasks than each other, labels are copies.
"""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Integer

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
  """A cell's data as its programs take them.

  Attributes:
    shared: names of the parts of a split that all runs share.
    by_rows: whether runs have row numbers.
    counts: rows by split and data set.
    lengths: rows by split, to which those of runs are padded.
  """

  def __init__(self, datas: Sequence[Data], groups: Sequence[Group] = ()):
    self._datas, self._groups = datas, groups
    alone = len(datas) == 1
    self.shared = {
      name
      for name in Split._fields
      if not (groups and name != 'inputs') and (alone or _common(datas, name))
    }
    self.by_rows = bool(self.shared) and not alone
    self.counts = {
      name: np.array([len(d.splits[name].mask) for d in datas], np.int32)
      for name in datas[0].splits
    }
    self.lengths = _lengths(self.counts)

  @property
  def form(self) -> list:
    """What decides the shapes of a program's arguments."""
    return [sorted(self.shared), self.by_rows, sorted(self.lengths.items())]

  def shapes(self) -> dict[str, Source]:
    """By split, shapes of what one run reads; a table's are the same object."""
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

    found = {}
    for key, rows in self.lengths.items():
      parts = Split(*(of(first[key], name, rows) for name in Split._fields))
      numbers = jax.ShapeDtypeStruct((rows,), np.int32)
      found[key] = Source(
        *self._sorted(parts), numbers if self.by_rows else None
      )
    return found

  def shared_parts(self) -> dict[str, Split]:
    """By split, what all runs read, on the host."""
    return {key: self._shared(key) for key in self.lengths}

  def own_parts(
    self, which: Integer[np.ndarray, 'runs'], groups: Sequence[Group] = ()
  ) -> dict[str, tuple[Split, Any]]:
    """By split, parts of each run, on the host, and its row numbers if any.

    Args:
      which: numbers of the runs' data sets, `[R]`.
      groups: the tasks of each run; none where every run has all.
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
    """The labels of the splits that are evaluated, where metrics find them."""

    def of(key, name):
      common, (mine, rows) = getattr(shared[key], name), own[key]
      if common is None:
        return getattr(mine, name)
      gather = padded.gathered(rows) if self.by_rows else (lambda x: x)
      return jax.tree.map(gather, common)

    return {k: scores.Labels(of(k, 'labels'), of(k, 'mask')) for k in EVALUATED}

  def _sorted(self, parts: Split) -> tuple[Split, Split]:
    """Parts that are shared, and the others, with None in their places."""
    kept = parts._asdict().items()
    return tuple(
      Split(
        *(tree if (k in self.shared) == shared else None for k, tree in kept)
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
    """Numbers behind a table's last are of padding."""
    whole = len(jax.tree.leaves(self._datas[0].splits[key].table.parts)[0])
    numbers = [self._datas[w].splits[key].rows for w in which]
    found = np.full((len(numbers), self.lengths[key]), whole, np.int32)
    for own, rows in zip(found, numbers, strict=True):
      own[: len(rows)] = rows
    return found

  def _stacked(self, key: str, name: str, runs: list) -> Any:
    if name in self.shared:
      return None
    trees = (
      _of_group(self._datas[w].splits[key], name, group) for w, group in runs
    )
    return padded.filled(trees, len(runs), self.lengths[key])


def _common(datas: Sequence[Data], name: str) -> bool:
  """Whether all splits are of one table, as far as this part goes."""
  splits = [split for data in datas for split in data.splits.values()]
  if not all(isinstance(s, View) and name not in s.own for s in splits):
    return False
  first = getattr(splits[0].table.parts, name)
  return all(getattr(s.table.parts, name) is first for s in splits)


def _lengths(counts: dict[str, np.ndarray]) -> dict[str, int]:
  """Grouped splits differ a little in size; the shorter ones are padded."""
  for rows in counts.values():
    if rows.min() < rows.max() / 2:
      raise InputError(
        f'resplit: one split has {rows.min()} rows and another {rows.max()}; '
        'set config.resplit=False or cut groups more evenly'
      )
  most = {name: int(rows.max()) for name, rows in counts.items()}
  common = selection.common_rows(*(most[name] for name in EVALUATED))
  return most | dict(zip(EVALUATED, common, strict=True))


def _of_group(split: Split | View, name: str, group: Group) -> Any:
  """A part of a split as a run with these tasks alone has it, or with all."""
  tree = getattr(split, name)
  if not group or name == 'inputs':
    return tree
  return (
    tree[:, list(group)] if name == 'mask' else tuple(tree[t] for t in group)
  )
