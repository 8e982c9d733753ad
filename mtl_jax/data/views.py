"""Splits, as arrays or as row numbers of one table that many of them share."""

import functools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Integer

BLOCK = 1 << 16  # rows of a table that are gathered at a time
SMALL = 10_000_000  # bytes up to which a gathered part is kept


class Split(NamedTuple):
  """Rows of one split.

  Attributes:
    inputs: array `[N, ...]`, or a pytree of them.
    labels: K arrays `[N]`, where they are trained on `columns.Columns`; what
      stands at a missing label is finite.
    mask: bool `[N, K]`, True where the label is known.
  """

  inputs: Any
  labels: Sequence[np.ndarray]
  mask: np.ndarray


class Table:
  """All rows of a data set, from which splits are cut.

  Attributes:
    parts: all rows.
    finite: whether no float input is NaN or infinite.
  """

  def __init__(self, parts: Split):
    self.parts = Split(*parts)

  @functools.cached_property
  def finite(self) -> bool:
    leaves = jax.tree.leaves(self.parts.inputs)
    return all(
      np.isfinite(block).all()
      for leaf in leaves
      if leaf.dtype.kind == 'f'
      for block in _blocks(leaf)
    )


class View:
  """Some rows of a table. It reads as a `Split` does, and is one to JAX.

  A part is gathered when it is read, and anew each time where it is large:
  hold on to what is read twice, and read `mask` to count rows.

  Args:
    table: all rows.
    rows: numbers of the split's rows.
    own: parts that are not the table's, row by row of the split.
  """

  def __init__(self, table: Table, rows: Integer[np.ndarray, 'n'], **own: Any):
    self.table, self.rows, self.own = table, rows, own
    self._small: dict[str, Any] = {}

  @property
  def inputs(self) -> Any:
    return self._read('inputs')

  @property
  def labels(self) -> tuple[np.ndarray, ...]:
    return self._read('labels')

  @property
  def mask(self) -> np.ndarray:
    return self._read('mask')

  def __iter__(self) -> Iterator[Any]:
    return iter((self.inputs, self.labels, self.mask))

  def _replace(self, **parts: Any) -> 'View':
    """With parts of its own instead of the table's, as a `Split` has it."""
    return View(self.table, self.rows, **{**self.own, **parts})

  def _read(self, name: str) -> Any:
    if name in self.own:
      return self.own[name]
    if name in self._small:
      return self._small[name]
    whole = getattr(self.table.parts, name)
    found = jax.tree.map(lambda x: x[self.rows], whole)
    if sum(x.nbytes for x in jax.tree.leaves(found)) <= SMALL:
      self._small[name] = found
    return found


jax.tree_util.register_pytree_node(
  View, lambda view: (tuple(view), None), lambda _, parts: Split(*parts)
)


def first(split: Split | View, count: int) -> Split:
  """The first rows alone."""
  if isinstance(split, View):
    own = {
      k: jax.tree.map(lambda x: x[:count], v) for k, v in split.own.items()
    }
    split = View(split.table, split.rows[:count], **own)
  return jax.tree.map(lambda x: x[:count], Split(*split))


def inputs_to_check(split: Split | View) -> list[tuple]:
  """With their paths; none where the whole table was found finite."""
  taken = isinstance(split, View) and 'inputs' not in split.own
  if taken and split.table.finite:
    return []
  return jax.tree_util.tree_leaves_with_path(split.inputs)


def numbers(split: Split | View) -> int:
  """How many numbers its arrays hold, without gathering them."""
  one = jax.tree.leaves(first(split, 1))
  return len(split.mask) * sum(leaf[0].size for leaf in one)


def pieces(split: Split | View) -> Iterator[np.ndarray]:
  """All arrays, one after the other, a view's in blocks of rows."""
  for name in Split._fields:
    if isinstance(split, View) and name not in split.own:
      for leaf in jax.tree.leaves(getattr(split.table.parts, name)):
        yield from _blocks(leaf, split.rows)
    else:
      yield from jax.tree.leaves(getattr(split, name))


def _blocks(
  leaf: np.ndarray, rows: np.ndarray | None = None
) -> Iterator[np.ndarray]:
  """These rows, or all, so many at a time that a copy of them is no matter."""
  for start in range(0, len(leaf if rows is None else rows), BLOCK):
    some = slice(start, start + BLOCK)
    yield leaf[some] if rows is None else leaf[rows[some]]


def joined(data: Any, first: Any) -> Any:
  """A `Data` over parts of the other's table, where all their numbers agree.

  A loader makes its table anew for every seed; this lets it go.
  """
  like, found = first.train, {}
  if not isinstance(like, View):
    return data
  tables: dict[int, Table] = {}
  for name, split in data.splits.items():
    if isinstance(split, View):
      key = id(split.table)
      tables[key] = tables.get(key) or _joined(split.table, like.table)
      found[name] = View(tables[key], split.rows, **split.own)
  return data._replace(**found)


def _joined(table: Table, like: Table) -> Table:
  pairs = list(zip(table.parts, like.parts, strict=True))
  parts = [old if _same(new, old) else new for new, old in pairs]
  if all(part is old for part, (_, old) in zip(parts, pairs, strict=True)):
    return like
  return Table(Split(*parts))


def _same(one: Any, other: Any) -> bool:
  """Whether two trees hold the same numbers in the same types."""
  (left, kind), (right, other_kind) = map(jax.tree.flatten, (one, other))
  return kind == other_kind and all(map(_equal, left, right))


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
  if one is other:
    return True
  if (one.shape, one.dtype) != (other.shape, other.dtype):
    return False
  return all(
    np.array_equal(one[i : i + BLOCK], other[i : i + BLOCK])
    for i in range(0, len(one), BLOCK)
  )
