"""All parameters of a run as one matrix: a row per separate tower, or one row.

Elementwise work on all parameters (clipping, decay, the optimizer, selecting
the best) is then a few operations on one large array instead of a few on each
of a hundred small ones, which shortens both compilation and the fixed cost of a
step. Schemes and balancers see the tree.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from mtl_jax.data.stacked import permuted
from mtl_jax.schemes.base import heads
from mtl_jax.train.matrix_layout import Block, Layout, columns_of, layout


@functools.partial(
  jax.tree_util.register_dataclass,
  data_fields=['matrix', 'large'],
  meta_fields=['layout'],
)
@dataclasses.dataclass(frozen=True)
class Parameters:
  """Parameters, or values with one entry per parameter such as gradients.

  Attributes:
    matrix: `[..., groups, width]`; leading axes are runs.
    large: one such matrix for each large block.
    layout: the position of each leaf.
  """

  matrix: Any
  large: tuple[Any, ...]
  layout: Layout

  @property
  def parts(self) -> tuple[Any, ...]:
    """The matrix, then those of the large blocks."""
    return self.matrix, *self.large

  @property
  def tree(self) -> Any:
    """The parameter tree; leaves have the axes of runs in front."""
    return heads.apart(self.stacks, self.matrix.ndim - 2)

  @property
  def stacks(self) -> Any:
    """The tree with heads of one shape stacked, see `heads.gathered`."""
    leaves = [None] * self.layout.structure.num_leaves
    cut = [
      (block, self.matrix[..., block.start : block.start + block.width])
      for block in self.layout.blocks
    ]
    for block, part in (*cut, *zip(self.layout.large, self.large, strict=True)):
      for i, leaf in zip(block.leaves, self._read(block, part), strict=True):
        leaves[i] = leaf
    return jax.tree.unflatten(self.layout.structure, leaves)

  def _read(self, block: Block, part: Any) -> list[Any]:
    runs = part.shape[:-2]
    if block.rows == ((),):
      return [part.reshape(*runs, *block.shapes[0])]
    return [
      part[..., np.array(rows), : columns_of(shape, rows)].reshape(
        *runs, *shape
      )
      for shape, rows in zip(block.shapes, block.rows, strict=True)
    ]

  @property
  def shapes(self) -> Any:
    """The tree with shapes and dtypes in place of arrays."""
    return jax.eval_shape(lambda own: own.tree, self)

  def replace(self, tree: Any) -> 'Parameters':
    """Packs another tree in this layout.

    Args:
      tree: of the same shapes, without axes of runs; its heads may be stacked,
        or each have its own name.

    Returns:
      The packed parameters.
    """
    return _pack_leaves(self.layout, jax.tree.leaves(heads.gathered(tree)))

  @property
  def norms(self) -> Float[Array, 'groups']:
    """Euclidean norm of each row, over the matrix and the large blocks."""
    return jnp.sqrt(sum(jnp.square(part).sum(-1) for part in self.parts))

  def per_column(
    self,
    value: Callable[[str, bool], Any],
    function: Callable[..., Any],
    *others: 'Parameters',
  ) -> 'Parameters':
    """Maps a function over the parts, with a value for each column.

    Args:
      value: `(name, is_kernel) -> value` of a block's columns; called once per
        block.
      function: `(part, values, *parts of others) -> part`. Values are
        `[1, width]`, or a single one where all columns have it.
      *others: parameters of the same layout.

    Returns:
      The results in the same layout.
    """
    return self.per_block(
      lambda b: value(b.name, b.is_kernel), function, *others
    )

  def per_block(
    self,
    value: Callable[[Block], Any],
    function: Callable[..., Any],
    *others: 'Parameters',
  ) -> 'Parameters':
    """As `per_column`, with values that depend on the whole block."""
    values = [self._spread(value)]
    values += [value(block) for block in self.layout.large]
    parts = zip(*(p.parts for p in (self, *others)), strict=True)
    matrix, *large = (
      function(own, v, *rest)
      for v, (own, *rest) in zip(values, parts, strict=True)
    )
    return Parameters(matrix, tuple(large), self.layout)

  def _spread(self, value: Callable[[Block], Any]) -> Any:
    """The values of the matrix's columns.

    Adjacent blocks with equal values form one span, so few comparisons of the
    column index are needed.
    """
    spans: list[tuple[int, Any]] = []  # (end, value)
    for block in self.layout.blocks:
      own = value(block)
      if spans and _equal(own, spans[-1][1]):
        spans.pop()
      spans.append((block.start + block.width, own))
    *others, (_, values) = spans
    if others:
      column = lax.broadcasted_iota(jnp.int32, (1, self.layout.width), 1)
      # From the last span to the first, each overwriting what is left of it.
      for end, own in reversed(others):
        values = jnp.where(column < end, own, values)
    return values


def pack(tree: Any, groups: int) -> Parameters:
  """Packs a tree of parameters into a matrix.

  Args:
    tree: top-level names as in `schemes.base`. With more than one group, each
      leaf has an axis 0 of that many towers, except those of `head_0`, ...,
      which may be stacked already, see `heads.gathered`.
    groups: number of rows: separate towers, which are clipped and selected
      independently, or 1.

  Returns:
    The packed parameters.
  """
  return _pack_leaves(
    layout(tree, groups), jax.tree.leaves(heads.gathered(tree))
  )


def _pack_leaves(layout: Layout, leaves: list) -> Parameters:
  parts, large = (
    [_pack_block(layout.groups, block, leaves) for block in blocks]
    for blocks in (layout.blocks, layout.large)
  )
  return Parameters(lax.concatenate(parts, 1), tuple(large), layout)


def _pack_block(groups: int, block: Block, leaves: list) -> Array:
  own = [jnp.asarray(leaves[i]) for i in block.leaves]
  if block.rows == ((),):
    return own[0].reshape(groups, -1)
  flat = [
    leaf.reshape(len(rows), -1)
    for leaf, rows in zip(own, block.rows, strict=True)
  ]
  short = [block.width - leaf.shape[1] for leaf in flat]
  padded = [
    jnp.pad(leaf, ((0, 0), (0, n))) if n else leaf
    for leaf, n in zip(flat, short, strict=True)
  ]
  # Heads come stacked by shape; rows are in the order of the towers. Where only
  # some of them have such a leaf, as maps and vectors have unlike heads, the
  # rows of the others are zeros.
  rows = [row for rows in block.rows for row in rows]
  if missing := [row for row in range(groups) if row not in rows]:
    padded.append(jnp.zeros((len(missing), block.width), own[0].dtype))
  order = np.argsort([*rows, *missing])
  return permuted(lax.concatenate(padded, 0), tuple(order.tolist()), 0)


def _equal(a: Any, b: Any) -> bool:
  """Compares Python numbers by value; a tracer equals only itself."""
  numbers = isinstance(a, int | float) and isinstance(b, int | float)
  return a == b if numbers else a is b
