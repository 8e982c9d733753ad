"""A sequence of K arrays whose members of equal shape are stored stacked.

Operations on the labels or predictions of a thousand tasks are then few. To a
caller it is a sequence of K arrays, each sliced out on access.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array


@functools.partial(
  jax.tree_util.register_dataclass,
  data_fields=['parts'],
  meta_fields=['members', 'trailing'],
)
@dataclasses.dataclass(frozen=True)
class Columns(Sequence):
  """K arrays `[N, ...]`, stacked by shape.

  The axis of the members is counted from the end, so that `jax.vmap` may add
  and remove leading axes.

  Attributes:
    parts: arrays `[..., N, members, ...]`.
    members: for each part, the indices of the K arrays that it holds.
    trailing: for each part, the number of axes after that of the members.
  """

  parts: tuple[Any, ...]
  members: tuple[tuple[int, ...], ...]
  trailing: tuple[int, ...]

  def __len__(self) -> int:
    return sum(map(len, self.members))

  def __getitem__(self, number: int) -> Any:
    # Indexing the range resolves negative indices and raises IndexError.
    part, place = self._places[range(len(self))[number]]
    axis = self._axis(part)
    return self.parts[part][(slice(None),) * axis + (place,)]

  @functools.cached_property
  def _places(self) -> dict[int, tuple[int, int]]:
    return {
      number: (part, place)
      for part, members in enumerate(self.members)
      for place, number in enumerate(members)
    }

  @property
  def shapes(self) -> list[tuple[int, ...]]:
    """Shapes of the K arrays, computed without slicing them out."""
    own = []
    for part, array in enumerate(self.parts):
      axis = self._axis(part)
      own.append(array.shape[:axis] + array.shape[axis + 1 :])
    return [own[self._places[i][0]] for i in range(len(self))]

  def _axis(self, part: int) -> int:
    return self.parts[part].ndim - 1 - self.trailing[part]

  def of(self, groups: Sequence[Sequence[int]]) -> list[Array]:
    """Stacks groups of the arrays.

    Args:
      groups: indices of arrays, of one shape within a group.

    Returns:
      One array `[N, group, ...]` per group.
    """
    result = [None] * len(groups)
    for part, members in enumerate(self.members):
      own = [g for g, group in enumerate(groups) if set(group) <= set(members)]
      order = [members.index(i) for g in own for i in groups[g]]
      cut = _cut(
        self.parts[part],
        order,
        [len(groups[g]) for g in own],
        self._axis(part),
      )
      for g, array in zip(own, cut, strict=True):
        result[g] = array
    return [
      # A group whose arrays are in several parts is stacked one by one.
      stacked([self[i] for i in group]) if array is None else array
      for group, array in zip(groups, result, strict=True)
    ]


def packed(arrays: Sequence[Any], axis: int = 1) -> Columns:
  """Stacks K arrays by type and shape.

  Args:
    arrays: K arrays `[N, ...]`, possibly with leading axes.
    axis: position of the new axis of members, after the rows.

  Returns:
    The columns; `arrays` itself if they are columns already.
  """
  if isinstance(arrays, Columns):
    return arrays
  alike: dict[Any, list[int]] = {}
  for i, own in enumerate(arrays):
    alike.setdefault((own.dtype, own.shape), []).append(i)
  return Columns(
    tuple(stacked([arrays[i] for i in own], axis) for own in alike.values()),
    tuple(map(tuple, alike.values())),
    tuple(len(shape) - axis for _, shape in alike),
  )


def groups_of(
  arrays: Sequence[Any], groups: Sequence[Sequence[int]]
) -> list[Array]:
  """Stacks groups of arrays.

  Args:
    arrays: K arrays `[N, ...]`, or columns.
    groups: indices of arrays, of one shape within a group.

  Returns:
    One array `[N, group, ...]` per group.
  """
  if isinstance(arrays, Columns):
    return arrays.of(groups)
  return [stacked([arrays[i] for i in group]) for group in groups]


def shapes_of(arrays: Sequence[Any]) -> list[tuple[int, ...]]:
  """Returns the shapes of the arrays; columns are not sliced for that."""
  if isinstance(arrays, Columns):
    return arrays.shapes
  return [array.shape for array in arrays]


def stacked(arrays: Sequence[Any], axis: int = 1) -> Any:
  """Stacks arrays on a new axis, in NumPy if all of them are NumPy arrays.

  Args:
    arrays: arrays of one shape.
    axis: position of the new axis.
  """
  host = all(isinstance(x, np.ndarray) for x in arrays)
  return np.stack(arrays, axis) if host else jnp.stack(arrays, axis)


def _cut(
  array: Array, order: list[int], sizes: list[int], axis: int
) -> list[Array]:
  """Takes members of an array in an order and splits them into groups."""
  if not sizes:
    return []
  if len(order) == array.shape[axis]:
    array = permuted(array, tuple(order), axis)
  else:  # Some members are in groups that span parts, which is rare.
    array = jnp.take(array, np.array(order), axis)
  return jnp.split(array, np.cumsum(sizes)[:-1], axis)


def permuted(array: Array, order: tuple[int, ...], axis: int) -> Array:
  """Permutes the entries of an axis.

  Its VJP is a permutation too. The VJP of indexing would be a scatter-add,
  which runs sequentially on a CPU.

  Args:
    array: the array.
    order: a permutation of the indices of the axis.
    axis: the axis.
  """
  if order == tuple(range(len(order))):
    return array
  return _permuter(order, axis)(array)


@functools.cache
def _permuter(order: tuple[int, ...], axis: int) -> Callable[[Array], Array]:
  inverse = tuple(np.argsort(order).tolist())

  @jax.custom_vjp
  def permute(x):
    return jnp.take(x, np.array(order), axis)

  permute.defvjp(
    lambda x: (permute(x), None),
    lambda _, cotangent: (_permuter(inverse, axis)(cotangent),),
  )
  return permute
