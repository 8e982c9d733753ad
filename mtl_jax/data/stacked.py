"""K arrays of as many rows, those of one shape side by side in one array.

What is done to the labels or the predictions of a thousand tasks is then a few
operations. They are a sequence of K arrays, each cut out where it is asked for.
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
  meta_fields=['members', 'behind'],
)
@dataclasses.dataclass(frozen=True)
class Columns(Sequence):
  """K arrays `[N, ...]`.

  Attributes:
    parts: arrays `[..., N, members, ...]`; axes in front may come and go.
    members: of each part, which of the K arrays it holds.
    behind: of each part, how many axes are behind that of the members.
  """

  parts: tuple[Any, ...]
  members: tuple[tuple[int, ...], ...]
  behind: tuple[int, ...]

  def __len__(self) -> int:
    return sum(map(len, self.members))

  def __getitem__(self, number: int) -> Any:
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
    """Of the K arrays."""
    own = []
    for part, array in enumerate(self.parts):
      axis = self._axis(part)
      own.append(array.shape[:axis] + array.shape[axis + 1 :])
    return [own[self._places[i][0]] for i in range(len(self))]

  def _axis(self, part: int) -> int:
    return self.parts[part].ndim - 1 - self.behind[part]

  def of(self, groups: Sequence[Sequence[int]]) -> list[Array]:
    """For each group of arrays of one shape `[N, group, ...]`."""
    found = [None] * len(groups)
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
        found[g] = array
    return [
      stacked([self[i] for i in group]) if array is None else array
      for group, array in zip(groups, found, strict=True)
    ]


def packed(arrays: Sequence[Any], axis: int = 1) -> Columns:
  """K arrays as columns; those of one type and shape are side by side.

  Args:
    arrays: `[N, ...]`, or with axes in front.
    axis: where the members go, behind the rows.
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
  """For each group of arrays of one shape `[N, group, ...]`."""
  if isinstance(arrays, Columns):
    return arrays.of(groups)
  return [stacked([arrays[i] for i in group]) for group in groups]


def shapes_of(arrays: Sequence[Any]) -> list[tuple[int, ...]]:
  """The arrays' shapes; none is cut out for that."""
  if isinstance(arrays, Columns):
    return arrays.shapes
  return [array.shape for array in arrays]


def stacked(arrays: Sequence[Any], axis: int = 1) -> Any:
  """Side by side on a new axis, on the host where they lie there."""
  host = all(isinstance(x, np.ndarray) for x in arrays)
  return np.stack(arrays, axis) if host else jnp.stack(arrays, axis)


def _cut(
  array: Array, order: list[int], sizes: list[int], axis: int
) -> list[Array]:
  """The array's members in this order, cut into groups of these sizes."""
  if not sizes:
    return []
  if len(order) == array.shape[axis]:
    array = permuted(array, tuple(order), axis)
  else:  # Others are asked for in groups across parts, which is rare.
    array = jnp.take(array, np.array(order), axis)
  return jnp.split(array, np.cumsum(sizes)[:-1], axis)


def permuted(array: Array, order: tuple[int, ...], axis: int) -> Array:
  """`array` with the entries of an axis in this order, each once.

  Its gradient is a permutation too, where that of an index would be a sum
  into places: one entry after the other, on a CPU.
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
    lambda _, slope: (_permuter(inverse, axis)(slope),),
  )
  return permute
