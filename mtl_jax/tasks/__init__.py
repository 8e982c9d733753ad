"""Tasks: what is predicted. A kind of task is a file, or a user's dotted path.

Predictions are `[B, num_outputs]`, labels `[B]` or `[B, d]`, as the kind says.
A label that is missing is masked out; what it holds does not matter.
"""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Num

from mtl_jax import plugins
from mtl_jax.errors import InputError
from mtl_jax.tasks import base
from mtl_jax.tasks.base import Kind as Kind
from mtl_jax.tasks.base import Linear as Linear
from mtl_jax.tasks.base import Metric as Metric

HELPERS = ('classes', 'labels', 'numbers', 'ranks', 'scores')


@dataclasses.dataclass(frozen=True, init=False)
class Task:
  """One task: `Task('visits', 'count')`, `Task('digit', 'multiclass', 10)`.

  `kind` is a file of this package or a dotted path; what follows are the fields
  of its `make`, by name or in order. Hashable, and equal where all is equal.

  Raises:
    InputError: more values than the kind has fields; a field that it does not
      know is found by `check`.
  """

  name: str
  kind: str
  fields: tuple[tuple[str, Any], ...]

  def __init__(self, name: str, kind: str, *values: Any, **fields: Any):
    given = {**_named(kind, values), **fields}
    frozen = sorted((k, _frozen(v)) for k, v in given.items() if v is not None)
    object.__setattr__(self, 'name', name)
    object.__setattr__(self, 'kind', kind)
    object.__setattr__(self, 'fields', tuple(frozen))

  @property
  def shape(self) -> tuple:
    """What tasks of one shape have in common: all but the name."""
    return self.kind, self.fields

  @property
  def made(self) -> Kind:
    """What the kind's `make` returns for these fields."""
    return _made(self.kind, self.fields)

  @property
  def num_outputs(self) -> int:
    """Channels of the head."""
    if self.made.outputs:
      return self.made.outputs
    raise InputError(
      f'task {self.name!r} ({self.kind}) does not say how many outputs it has, '
      'and its data were not checked by mtl_jax.data.base.check, which finds it'
    )

  @property
  def metrics(self) -> dict[str, Metric]:
    """The metrics of this kind by name; the first one is the headline."""
    return self.made.metrics

  def loss(
    self,
    predictions: Float[Array, 'batch outputs'],
    labels: Num[Array, 'batch ...'],
    mask: Bool[Array, 'batch'],
  ) -> Float[Array, '']:
    """The mean loss over valid labels; 0 where no label is valid."""
    # A NaN behind the mask must reach neither the value nor the gradient.
    shown = mask.reshape(-1, *[1] * (labels.ndim - 1))
    labels = jnp.where(shown, labels, jnp.zeros_like(labels))
    values = self.made.loss(predictions, labels)
    total = jnp.where(mask, values, 0).sum()
    return total / jnp.maximum(mask.sum(), 1)

  def renamed(self, name: str) -> 'Task':
    """The same task under another name."""
    return Task(name, self.kind, **dict(self.fields))

  def completed(self, labels: Any, known: Any) -> 'Task':
    """With the fields that are found from the labels of all splits."""
    if self.made.found is None:
      return self
    found = self.made.found(labels, known)
    return Task(self.name, self.kind, **(found | dict(self.fields)))


def check(tasks: tuple[Task, ...]) -> None:
  """Raises `InputError` for an unknown kind or a repeated name."""
  for task in tasks:
    try:
      _ = task.made
    except InputError as error:
      raise InputError(f'task {task.name!r}: {error}') from error
  names = [task.name for task in tasks]
  if len(set(names)) < len(names):
    raise InputError(f'two tasks share a name: {names}')


def maker(kind: str) -> Callable[..., Kind]:
  """The `make` of a kind; raises `InputError` where there is none."""
  return plugins.find(__name__, kind, 'make')


def _named(kind: str, values: tuple) -> dict[str, Any]:
  """Values in the order of the fields of `make`, by their names."""
  if not values:
    return {}
  names = list(inspect.signature(maker(kind)).parameters)
  if len(values) > len(names):
    raise InputError(
      f'kind {kind!r} takes {len(names)} fields ({", ".join(names)}), and '
      f'{values} were given'
    )
  return dict(zip(names, values, strict=False))


def _frozen(value: Any) -> Any:
  if isinstance(value, list | tuple) or hasattr(value, 'tolist'):
    value = value.tolist() if hasattr(value, 'tolist') else value
    return (
      tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value
    )
  return value


@functools.cache
def _made(kind: str, fields: tuple) -> Kind:
  make, given = maker(kind), dict(fields)
  allowed = inspect.signature(make).parameters
  plugins.check_fields(f'kind {kind!r}', given, dict.fromkeys(allowed))
  try:
    return base.checked(kind, make(**given))
  except InputError:
    raise
  except Exception as error:  # Whatever a file finds wrong with its fields.
    text = ' '.join(str(error).split())
    raise InputError(f'kind {kind!r}: {text}') from error
