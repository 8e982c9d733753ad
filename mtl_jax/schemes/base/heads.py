"""Heads of one shape as a stack, under one name such as `head_0-3,7`.

What schemes and users see is a tree by name, `head_0`, `head_1`, ...; what a
step is compiled for is the stack, so that a thousand heads are as many
operations as two.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

_ONE = re.compile(r'head_\d+')
_STACK = re.compile(r'head_\d+([-,]\d+)+')


class Stack(NamedTuple):
  """Heads of one shape: whose they are, and their leaves `[heads, ...]`."""

  members: tuple[int, ...]
  leaves: Any

  @property
  def named(self) -> tuple[str, Any]:
    """The entry of a gathered tree; a head that is alone is no stack there."""
    alone = len(self.members) == 1
    leaves = jax.tree.map(lambda x: x[0], self.leaves) if alone else self.leaves
    return joined(self.members), leaves


def joined(numbers: Sequence[int]) -> str:
  """`head_0-3,7` of 0, 1, 2, 3 and 7."""
  spans: list[list[int]] = []
  for number in sorted(numbers):
    if spans and spans[-1][1] == number - 1:
      spans[-1][1] = number
    else:
      spans.append([number, number])
  return 'head_' + ','.join(f'{a}-{b}' if b > a else f'{a}' for a, b in spans)


def members(name: str) -> tuple[int, ...]:
  """The heads that a name says: one, those of a stack, or none."""
  if not (_ONE.fullmatch(name) or _STACK.fullmatch(name)):
    return ()
  found = []
  for span in name.removeprefix('head_').split(','):
    first, *last = map(int, span.split('-'))
    found.extend(range(first, (last or [first])[0] + 1))
  return tuple(found)


def is_stack(name: str) -> bool:
  """Whether this names several heads."""
  return bool(_STACK.fullmatch(name))


def gathered(tree: Any) -> Any:
  """A tree by name, with heads of one shape as one stack."""
  found: dict[Any, list[str]] = {}
  for name, part in tree.items():
    if _ONE.fullmatch(name):
      found.setdefault(_shape(part), []).append(name)
  whole = {
    name: part for name, part in tree.items() if not _ONE.fullmatch(name)
  }
  for names in found.values():
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
  """The tree by name again; behind `axis` axes of runs."""
  return dict(ByName(tree, axis).items())


class ByName(dict):
  """A gathered tree by name; a head is cut out where it is asked for."""

  def __init__(self, tree: dict, axis: int = 0):
    self._stacks = {name: tree[name] for name in tree if is_stack(name)}
    self._axis = axis
    self._places = {
      f'head_{t}': (name, i)
      for name in self._stacks
      for i, t in enumerate(members(name))
    }
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
  """What a scheme is applied to: parameters by name, and their stacks."""
  if not any(map(is_stack, params)):
    return {'params': params}
  stacks = []
  for name, part in params.items():
    if own := members(name):
      alone = not is_stack(name)
      leaves = jax.tree.map(lambda x: x[None], part) if alone else part
      stacks.append(Stack(own, leaves))
  return {'params': ByName(params), 'heads': {'stacks': tuple(stacks)}}
