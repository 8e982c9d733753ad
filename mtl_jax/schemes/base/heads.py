"""Task heads of one shape, stacked under one name such as `head_0-3,7`.

Schemes and users see a tree with one entry per head, `head_0`, `head_1`, ...
A training step is compiled for the stacked tree, so that a thousand heads need
as many operations as two.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

_ONE = re.compile(r'head_\d+')
_STACK = re.compile(r'head_\d+([-,]\d+)+')


class Stack(NamedTuple):
  """Heads of one shape.

  Attributes:
    members: indices of the tasks whose heads these are.
    leaves: their parameters, each leaf `[heads, ...]`.
  """

  members: tuple[int, ...]
  leaves: Any

  @property
  def named(self) -> tuple[str, Any]:
    """Name and parameters as in a gathered tree.

    A single head is not stacked there: its leaves have no axis of heads.
    """
    alone = len(self.members) == 1
    leaves = jax.tree.map(lambda x: x[0], self.leaves) if alone else self.leaves
    return joined(self.members), leaves


def joined(numbers: Sequence[int]) -> str:
  """The name of a stack: `head_0-3,7` of 0, 1, 2, 3 and 7."""
  spans: list[list[int]] = []
  for number in sorted(numbers):
    if spans and spans[-1][1] == number - 1:
      spans[-1][1] = number
    else:
      spans.append([number, number])
  return 'head_' + ','.join(f'{a}-{b}' if b > a else f'{a}' for a, b in spans)


def members(name: str) -> tuple[int, ...]:
  """The indices of the heads in a name; empty if it names no head."""
  if not (_ONE.fullmatch(name) or _STACK.fullmatch(name)):
    return ()
  numbers = []
  for span in name.removeprefix('head_').split(','):
    first, *last = map(int, span.split('-'))
    numbers.extend(range(first, (last or [first])[0] + 1))
  return tuple(numbers)


def is_stack(name: str) -> bool:
  """Whether this is the name of several heads."""
  return bool(_STACK.fullmatch(name))


def gathered(tree: Any) -> Any:
  """Stacks the heads of one shape, `head_0`, `head_1`, ..., of a tree."""
  alike: dict[Any, list[str]] = {}
  for name, part in tree.items():
    if _ONE.fullmatch(name):
      alike.setdefault(_shape(part), []).append(name)
  whole = {
    name: part for name, part in tree.items() if not _ONE.fullmatch(name)
  }
  # Heads of one tree structure, shapes and dtypes make one stack.
  for names in alike.values():
    if len(names) == 1:
      whole[names[0]] = tree[names[0]]
      continue
    numbers = sorted(members(name)[0] for name in names)
    parts = [tree[f'head_{t}'] for t in numbers]
    whole[joined(numbers)] = jax.tree.map(lambda *x: jnp.stack(x), *parts)
  return whole


def _shape(part: Any) -> tuple:
  leaves, structure = jax.tree.flatten(part)
  return structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves)


def apart(tree: dict, axis: int = 0) -> dict:
  """Undoes `gathered`.

  Args:
    tree: a gathered tree of parameters.
    axis: position of the axis of heads in each leaf, after the axes of runs.

  Returns:
    The tree with one entry per head.
  """
  return dict(ByName(tree, axis).items())


class ByName(dict):
  """A gathered tree with one entry per head, sliced when it is read.

  Args:
    tree: a gathered tree of parameters.
    axis: position of the axis of heads in each leaf, after the axes of runs.
  """

  def __init__(self, tree: dict, axis: int = 0):
    self._stacks = {name: tree[name] for name in tree if is_stack(name)}
    self._axis = axis
    self._places = {
      f'head_{t}': (name, i)
      for name in self._stacks
      for i, t in enumerate(members(name))
    }
    # Heads are listed with a placeholder, and sliced in __getitem__ alone.
    others = {k: part for k, part in tree.items() if k not in self._stacks}
    super().__init__(others | dict.fromkeys(self._places))

  def __getitem__(self, name: str) -> Any:
    if name not in self._places:
      return super().__getitem__(name)
    stack, i = self._places[name]
    place = (slice(None),) * self._axis + (i,)
    return jax.tree.map(lambda x: x[place], self._stacks[stack])

  def get(self, name: str, default: Any = None) -> Any:
    return (
      super().get(name, default) if name not in self._places else self[name]
    )

  def items(self):
    return [(name, self[name]) for name in self]

  def values(self):
    return [self[name] for name in self]


def variables(params: dict) -> dict[str, Any]:
  """Flax variables of a scheme: parameters by name, and stacks of heads."""
  if not any(map(is_stack, params)):
    return {'params': params}
  stacks = []
  for name, part in params.items():
    if own := members(name):
      alone = not is_stack(name)
      leaves = jax.tree.map(lambda x: x[None], part) if alone else part
      stacks.append(Stack(own, leaves))
  return {'params': ByName(params), 'heads': {'stacks': tuple(stacks)}}
