"""Sources of a split: a table that all runs share, or arrays of one run.

Parts that all runs share are stored once on each device. If every run has
another split of one table, a run stores only the numbers of its rows, and a
training step gathers the rows of its batch.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jaxtyping import Array, Int

from mtl_jax.data.base import Split

NOTHING = Split(None, None, None)
# `in_axes` of the two `Source.arguments` in `jax.vmap`.
AXES = (None, 0)


class Source(NamedTuple):
  """One split of one run; each part is either shared or of this run.

  Attributes:
    shared: parts that all runs read; None for parts that runs have themselves.
    own: parts of this run, in the order of the split; None for shared parts.
    rows: `[n]`, row numbers of the split in `shared`; None if `shared` is the
      split itself. A number past the last row marks padding.
  """

  shared: Split
  own: Split
  rows: Any = None

  @property
  def arguments(self) -> tuple[Split, tuple]:
    """The shared and the per-run arguments of a vmapped program; see `AXES`."""
    return self.shared, self[1:]


def of(data: Split | Source) -> Source:
  """Converts a split to a source that shares nothing; a source is returned."""
  return data if isinstance(data, Source) else Source(NOTHING, data)


def reading(function: Callable) -> Callable:
  """Splits the last argument of a function, a source, into its `arguments`.

  `jax.vmap` can then map over the per-run part alone.

  Args:
    function: takes a source as its last argument.

  Returns:
    A function that takes the two `arguments` instead.
  """

  def read(*others):
    *others, shared, own = others
    return function(*others, Source(shared, *own))

  return read


def size(source: Source) -> int:
  """Returns the number of rows of the split, with padding."""
  # With row numbers, the length of the table is not that of the split.
  if source.rows is not None:
    return source.rows.shape[0]
  return _place(source, 'mask')[0].shape[0]


def part(source: Source, name: str, order: Int[Array, '...']) -> Any:
  """Gathers one part of some rows of the split.

  Args:
    source: the source.
    name: a field of `Split`.
    order: row numbers in the split.

  Returns:
    A pytree of arrays that start with the shape of `order`; None for weights
    of a split without.
  """
  tree, rows = _place(source, name)
  if rows is None:
    return jax.tree.map(lambda x: x[order], tree)
  # Numbers in the split become numbers in the table.
  return gathered(tree, rows[order])


def whole(source: Source, name: str) -> Any:
  """Gathers one part of all rows of the split.

  Args:
    source: the source.
    name: a field of `Split`.
  """
  tree, rows = _place(source, name)
  return tree if rows is None else gathered(tree, rows)


def inputs(source: Source) -> tuple[Any, Any]:
  """Returns stored inputs, and the split's row numbers in them or None."""
  return _place(source, 'inputs')


def gathered(table: Any, rows: Int[Array, '...']) -> Any:
  """Gathers rows of a table by number.

  Args:
    table: pytree of arrays `[N, ...]`.
    rows: row numbers; one of N or more gives zeros, which is padding.
  """
  # JAX clamps an index out of range by default; padding must be zero, and False
  # in a mask.
  return jax.tree.map(
    lambda x: x.at[rows].get(mode='fill', fill_value=0), table
  )


def with_labels(source: Source, change: Callable[[Any], Any]) -> Source:
  """Replaces the labels, shared or not.

  Args:
    source: the source.
    change: maps stored labels to new ones.
  """
  where = 'own' if source.shared.labels is None else 'shared'
  parts = getattr(source, where)
  new = {where: parts._replace(labels=change(parts.labels))}
  return source._replace(**new)


def _place(source: Source, name: str) -> tuple[Any, Any]:
  """Returns the stored part and the row numbers that it is read by, or None."""
  # Row numbers refer to the shared table only, never to a part of the run.
  shared = getattr(source.shared, name)
  if shared is None:
    return getattr(source.own, name), None
  return shared, source.rows
