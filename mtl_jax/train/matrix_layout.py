"""Which columns of a run's matrix the leaves of a parameter tree take."""

import json
import math
from typing import Any, NamedTuple

import jax

from mtl_jax.schemes.base import heads, partition

# A leaf with this many numbers or more is a matrix of its own: copying it into
# the shared matrix and back would cost more than the few operations saved.
# Copying a word embedding of 1.3 million numbers made a step of an LSTM 1.4
# times as long.
LARGE = 2**17


class Block(NamedTuple):
  """Columns that hold one leaf, or the same leaf of all towers' heads.

  Attributes:
    leaves: indices into the flattened tree of stacks; several where heads of
      separate towers differ in size.
    shapes: of these leaves.
    rows: the rows of each leaf; empty where a leaf is in all rows. Rows that
      have no such leaf are zeros in its columns.
    start: the first column.
    width: how many columns; a smaller head is padded with zeros.
    name: of the top-level parameter.
    is_kernel: see `partition.is_kernel`.
  """

  leaves: tuple[int, ...]
  shapes: tuple[tuple[int, ...], ...]
  rows: tuple[tuple[int, ...], ...]
  start: int
  width: int
  name: str
  is_kernel: bool


class Layout(NamedTuple):
  """The position of each leaf of a tree; hashable, and equal for equal trees.

  Attributes:
    groups: number of rows.
    structure: of the tree of stacks.
    blocks: adjacent columns of the matrix.
    large: blocks that are matrices of their own, see `LARGE`.
  """

  groups: int
  structure: Any
  blocks: tuple[Block, ...]
  large: tuple[Block, ...] = ()

  @property
  def width(self) -> int:
    """Number of columns of the matrix."""
    last = self.blocks[-1]
    return last.start + last.width

  @property
  def paths(self) -> list[tuple[str, ...]]:
    """The keys of each leaf of the tree of stacks."""
    numbers = list(range(self.structure.num_leaves))
    tree = jax.tree.unflatten(self.structure, numbers)
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return [tuple(part.key for part in path) for path, _ in leaves]

  @property
  def size(self) -> int:
    """How many numbers are trained, without padding."""
    every = (*self.blocks, *self.large)
    return sum(math.prod(shape) for block in every for shape in block.shapes)


def layout(tree: Any, groups: int) -> Layout:
  """Assigns columns to the leaves of a tree.

  Kernels come first, so that columns with weight decay are adjacent.

  Args:
    tree: as for `pack`; leaves are arrays or their shapes.
    groups: number of rows.

  Returns:
    The layout.
  """
  stacks = jax.eval_shape(heads.gathered, tree)
  paths, structure = jax.tree_util.tree_flatten_with_path(stacks)
  kinds: dict[tuple, list[int]] = {}
  for i, (path, _) in enumerate(paths):
    kinds.setdefault(_kind(path, groups, i), []).append(i)
  blocks, large, start = [], [], 0
  for kind, leaves in sorted(kinds.items()):
    shapes = tuple(tuple(paths[i][1].shape) for i in leaves)
    names = [paths[i][0][0].key for i in leaves]
    rows, own = tuple(map(heads.members, names)), heads.members(names[0])
    # A leaf of all towers, or of the only row.
    if len(leaves) == 1 and (groups == 1 or len(own) in (0, groups)):
      rows = ((),)
    width = max(map(columns_of, shapes, rows))
    if rows == ((),):
      width //= groups
    name = f'head_{own[0]}' if own else names[0]
    kernel = not kind[0]
    block = Block(tuple(leaves), shapes, rows, start, width, name, kernel)
    if width * groups >= LARGE:
      large.append(block._replace(start=0))
      continue
    blocks.append(block)
    start += width
  if not blocks:  # A checkpoint cannot hold an array of size 0.
    blocks = [large.pop()]
  return Layout(groups, structure, tuple(blocks), tuple(large))


def columns_of(shape: tuple[int, ...], rows: tuple[int, ...]) -> int:
  """How many columns a leaf takes in each of its rows."""
  return math.prod(shape) // (len(rows) or 1)


def _kind(path: tuple, groups: int, i: int) -> tuple:
  """A sort key; leaves with the same one share columns.

  Those are the same leaf of each separate tower's head.
  """
  keys = tuple(part.key for part in path)
  name, rest, number = keys[0], '/'.join(keys[1:]), i
  if groups > 1 and name.startswith('head_'):
    name, number = 'head', 0
  return not partition.is_kernel(path), name, rest, number


def written(layout: Layout) -> bytes:
  """A layout as JSON, for `layout_of`."""
  numbers = list(range(layout.structure.num_leaves))
  tree = jax.tree.unflatten(layout.structure, numbers)
  known = {'groups': layout.groups, 'tree': tree}
  for name in ('blocks', 'large'):
    known[name] = [block._asdict() for block in getattr(layout, name)]
  return json.dumps(known).encode()


def layout_of(text: bytes) -> Layout:
  """The layout from the JSON that `written` returned."""
  known = json.loads(bytes(text))
  structure = jax.tree.structure(known['tree'])
  blocks, large = (
    tuple(map(_block, known[name])) for name in ('blocks', 'large')
  )
  return Layout(known['groups'], structure, blocks, large)


def _block(known: dict) -> Block:
  pairs = {name: tuple(map(tuple, known[name])) for name in ('shapes', 'rows')}
  return Block(**known | pairs | {'leaves': tuple(known['leaves'])})
