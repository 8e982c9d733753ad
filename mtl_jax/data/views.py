"""Splits, as arrays or as row numbers of a table that several splits share."""

import functools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Integer

BLOCK = 1 << 16  # number of rows that are gathered at a time
LARGEST = 1 << 28  # bytes that are gathered at a time
SMALL = 10_000_000  # bytes up to which a gathered part is cached


class Split(NamedTuple):
  """Rows of one split.

  Attributes:
    inputs: array `[N, ...]`, or a pytree of them.
    labels: K arrays `[N]` or `[N, d]`, in training `stacked.Columns`; the value
      of a missing label is finite.
    mask: bool `[N, K]`, True where the label is known.
    weights: float32 `[N, K]`, 0 or more: how much a label counts in losses and
      metrics; None if every label counts 1.
  """

  inputs: Any
  labels: Sequence[np.ndarray]
  mask: np.ndarray
  weights: np.ndarray | None = None


class Table:
  """All rows of a data set, shared by its splits.

  Attributes:
    parts: inputs, labels, mask and weights of all rows.
  """

  def __init__(self, parts: Split):
    self.parts = Split(*parts)

  @functools.cached_property
  def finite(self) -> bool:
    """Whether all float inputs are finite; computed once."""
    leaves = jax.tree.leaves(self.parts.inputs)
    return all(
      np.isfinite(block).all()
      for leaf in leaves
      if leaf.dtype.kind == 'f'
      for block in _blocks(leaf)
    )


class View:
  """Some rows of a table, with the attributes of a `Split`.

  As a pytree it flattens to the parts of a split. A part is gathered when it is
  read, and a large one again each time: keep a reference to what is read twice,
  and count rows by `mask`.

  Args:
    table: all rows.
    rows: row numbers of the split.
    **own: parts that replace those of the table, in the order of the split.
  """

  def __init__(self, table: Table, rows: Integer[np.ndarray, 'n'], **own: Any):
    self.table, self.rows, self.own = table, rows, own
    self._small: dict[str, Any] = {}

  @property
  def inputs(self) -> Any:
    """Inputs of the split, as in `Split`."""
    return self._read('inputs')

  @property
  def labels(self) -> tuple[np.ndarray, ...]:
    """Labels of the split, as in `Split`."""
    return self._read('labels')

  @property
  def mask(self) -> np.ndarray:
    """Mask of the split, as in `Split`."""
    return self._read('mask')

  @property
  def weights(self) -> np.ndarray | None:
    """Weights of the split, as in `Split`."""
    return self._read('weights')

  def __iter__(self) -> Iterator[Any]:
    return iter((self.inputs, self.labels, self.mask, self.weights))

  def _replace(self, **parts: Any) -> 'View':
    """Returns a view with some parts replaced, as `Split._replace` does."""
    return View(self.table, self.rows, **{**self.own, **parts})

  def _read(self, name: str) -> Any:
    if name in self.own:
      return self.own[name]
    if name in self._small:
      return self._small[name]
    whole = getattr(self.table.parts, name)
    part = jax.tree.map(lambda x: x[self.rows], whole)
    # Caching large parts would undo the saving of a shared table.
    if sum(x.nbytes for x in jax.tree.leaves(part)) <= SMALL:
      self._small[name] = part
    return part


jax.tree_util.register_pytree_node(
  View, lambda view: (tuple(view), None), lambda _, parts: Split(*parts)
)


def first(split: Split | View, count: int) -> Split:
  """Returns the first rows of a split.

  Args:
    split: the split; of a view no other rows are gathered.
    count: number of rows.
  """
  if isinstance(split, View):
    # Rows are cut before gathering, so that only `count` of them are copied.
    own = {
      k: jax.tree.map(lambda x: x[:count], v) for k, v in split.own.items()
    }
    split = View(split.table, split.rows[:count], **own)
  return jax.tree.map(lambda x: x[:count], Split(*split))


def take(split: Split | View, rows: Integer[np.ndarray, 'n']) -> Split | View:
  """Returns some rows of a split; of a view nothing is gathered.

  Args:
    split: the split.
    rows: numbers of rows of the split.
  """
  if not isinstance(split, View):
    return jax.tree.map(lambda x: x[rows], split)
  own = {k: jax.tree.map(lambda x: x[rows], v) for k, v in split.own.items()}
  return View(split.table, split.rows[rows], **own)


def inputs_to_check(split: Split | View) -> list[tuple]:
  """Returns inputs with their paths; none if the whole table is finite."""
  from_table = isinstance(split, View) and 'inputs' not in split.own
  # The table is checked once for all splits of all seeds.
  if from_table and split.table.finite:
    return []
  return jax.tree_util.tree_leaves_with_path(split.inputs)


def numbers(split: Split | View) -> int:
  """Returns the number of elements of all arrays, without gathering them."""
  one = jax.tree.leaves(first(split, 1))
  return len(split.mask) * sum(leaf[0].size for leaf in one)


def pieces(split: Split | View) -> Iterator[np.ndarray]:
  """Yields all arrays in a fixed order, those of a view in blocks of rows."""
  for name in Split._fields:
    if isinstance(split, View) and name not in split.own:
      for leaf in jax.tree.leaves(getattr(split.table.parts, name)):
        yield from _blocks(leaf, split.rows)
    else:
      yield from jax.tree.leaves(getattr(split, name))


def _blocks(
  leaf: np.ndarray, rows: np.ndarray | None = None
) -> Iterator[np.ndarray]:
  """Yields some rows, or all, in blocks, so that copies stay small."""
  # A row may be a picture, or several maps of one.
  own = leaf.nbytes // max(1, len(leaf))
  step = max(1, min(BLOCK, LARGEST // max(1, own)))
  for start in range(0, len(leaf if rows is None else rows), step):
    some = slice(start, start + step)
    yield leaf[some] if rows is None else leaf[rows[some]]


def joined(data: Any, first: Any) -> Any:
  """Replaces parts of the table by equal ones of another data set's table.

  A loader creates a table for every seed; afterwards equal parts are in memory
  once.

  Args:
    data: the data set.
    first: data set of another seed, whose parts are used.

  Returns:
    `data` with views of shared parts; `data` itself if `first` has no table.
  """
  like, views = first.train, {}
  if not isinstance(like, View):
    return data
  tables: dict[int, Table] = {}
  for name, split in data.splits.items():
    if isinstance(split, View):
      # All splits of one table must share one table afterwards as well.
      key = id(split.table)
      tables[key] = tables.get(key) or _joined(split.table, like.table)
      views[name] = View(tables[key], split.rows, **split.own)
  return data._replace(**views)


def _joined(table: Table, like: Table) -> Table:
  pairs = list(zip(table.parts, like.parts, strict=True))
  parts = [old if _same(new, old) else new for new, old in pairs]
  if all(part is old for part, (_, old) in zip(parts, pairs, strict=True)):
    return like
  return Table(Split(*parts))


def _same(one: Any, other: Any) -> bool:
  """Returns whether two pytrees have equal arrays of equal types."""
  (left, kind), (right, other_kind) = map(jax.tree.flatten, (one, other))
  return kind == other_kind and all(map(_equal, left, right))


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
  if one is other:
    return True
  if (one.shape, one.dtype) != (other.shape, other.dtype):
    return False
  # In blocks, because `array_equal` allocates a bool array of the full size.
  return all(
    np.array_equal(one[i : i + BLOCK], other[i : i + BLOCK])
    for i in range(0, len(one), BLOCK)
  )
