"""Where a run reads a split: in a table that runs share, or in its own arrays.

The parts that all runs share lie once on each device. Where every run has
another split of one table, it has the numbers of its rows, and a step gathers
those of its batch.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jaxtyping import Array, Int

from mtl_jax.data.base import Split

NOTHING = Split(None, None, None)
# Of the two arguments that stand for a source.
AXES = (None, 0)


class Source(NamedTuple):
  """One split of one run, each part of it in one of two places.

  Attributes:
    shared: parts that all runs read; None where runs have their own.
    own: parts of this run, row by row of the split; None where shared.
    rows: `[n]`, where the split's rows stand in `shared`; None where `shared`
      is the split itself. Numbers behind its last row are of padding.
  """

  shared: Split
  own: Split
  rows: Any = None

  @property
  def arguments(self) -> tuple[Split, tuple]:
    """As a mapped program takes it: what all runs share, and what is theirs."""
    return self.shared, self[1:]


def of(data: Split | Source) -> Source:
  """A split as a source of its own arrays."""
  return data if isinstance(data, Source) else Source(NOTHING, data)


def reading(function: Callable) -> Callable:
  """Of a function whose last argument is a source: of its two `arguments`."""

  def read(*others):
    *others, shared, own = others
    return function(*others, Source(shared, *own))

  return read


def size(source: Source) -> int:
  """Rows of the split, with padding."""
  if source.rows is not None:
    return source.rows.shape[0]
  return _place(source, 'mask')[0].shape[0]


def part(source: Source, name: str, order: Int[Array, '...']) -> Any:
  """One part of some rows of the split, by their numbers in it."""
  tree, rows = _place(source, name)
  if rows is None:
    return jax.tree.map(lambda x: x[order], tree)
  return gathered(tree, rows[order])


def whole(source: Source, name: str) -> Any:
  """One part of all rows of the split."""
  tree, rows = _place(source, name)
  return tree if rows is None else gathered(tree, rows)


def inputs(source: Source) -> tuple[Any, Any]:
  """Inputs, and where the split's rows stand in them; None if side by side."""
  return _place(source, 'inputs')


def gathered(table: Any, rows: Int[Array, '...']) -> Any:
  """Rows of a table by their numbers, zeros for those behind the last."""
  return jax.tree.map(
    lambda x: x.at[rows].get(mode='fill', fill_value=0), table
  )


def with_labels(source: Source, change: Callable[[Any], Any]) -> Source:
  """The source with other labels, where they stand."""
  where = 'own' if source.shared.labels is None else 'shared'
  parts = getattr(source, where)
  new = {where: parts._replace(labels=change(parts.labels))}
  return source._replace(**new)


def _place(source: Source, name: str) -> tuple[Any, Any]:
  shared = getattr(source.shared, name)
  if shared is None:
    return getattr(source.own, name), None
  return shared, source.rows
