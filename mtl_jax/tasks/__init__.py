"""Prediction tasks, each with a name and a kind.

A kind (`binary`, `regression`, ...) is a file of this package or a dotted path
to a module of the user. It defines the loss, the number of outputs, the label
check and the metrics.

Predictions have shape `[B, num_outputs]`. Labels have shape `[B]` or `[B, d]`,
depending on the kind. A missing label is masked out, so its value is ignored.
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

HELPERS = (
  *(
    'boosting',
    'classes',
    'constants',
    'label_maps',
    'label_units',
    'labels',
    'numbers',
    'ranks',
  ),
  'scores',
)


@dataclasses.dataclass(frozen=True, init=False)
class Task:
  """One task: `Task('visits', 'count')`, `Task('digit', 'multiclass', 10)`.

  Tasks are hashable and compare by value.

  Args:
    name: name of the task, unique within a data set.
    kind: name of a file of this package, or a dotted path to a module.
    *values: fields of the kind's `make`, in order.
    **fields: fields of the kind's `make`, by name.

  Raises:
    InputError: if there are more values than the kind has fields. An unknown
      field name is reported by `check`.
  """

  name: str
  kind: str
  fields: tuple[tuple[str, Any], ...]

  def __init__(self, name: str, kind: str, *values: Any, **fields: Any):
    given = {**_named(kind, values), **fields}
    # None means that a field is not given, so it makes no difference if it is.
    frozen = sorted((k, _frozen(v)) for k, v in given.items() if v is not None)
    object.__setattr__(self, 'name', name)
    object.__setattr__(self, 'kind', kind)
    object.__setattr__(self, 'fields', tuple(frozen))

  @property
  def shape(self) -> tuple:
    """Kind and fields: everything but the name."""
    return self.kind, self.fields

  @property
  def made(self) -> Kind:
    """The `Kind` that the kind's `make` returns for these fields."""
    return _made(self.kind, self.fields)

  @property
  def num_outputs(self) -> int:
    """Number of output channels of the head.

    Raises:
      InputError: if the kind infers it from labels and has seen none.
    """
    if self.made.outputs:
      return self.made.outputs
    raise InputError(
      f'task {self.name!r} ({self.kind}) does not say how many outputs it has, '
      'and its data were not checked by mtl_jax.data.base.check, which infers '
      'it'
    )

  @property
  def metrics(self) -> dict[str, Metric]:
    """Metrics of this kind by name; the first one is the primary metric."""
    return self.made.metrics

  def loss(
    self,
    predictions: Float[Array, 'batch ... outputs'],
    labels: Num[Array, 'batch ...'],
    mask: Bool[Array, 'batch'],
    weights: Float[Array, 'batch'] | None = None,
  ) -> Float[Array, '']:
    """Returns the weighted mean loss over known labels.

    It is 0 if no label is known, or all weights are 0.

    Args:
      predictions: outputs of the head, `[B, outputs]` or `[B, H, W, outputs]`.
      labels: `[B]` or `[B, d]`.
      mask: bool `[B]`, True where the label is known.
      weights: `[B]`, 0 or more; None is 1 for every row.

    Returns:
      A scalar, in the unit of the kind's loss.
    """
    if weights is not None:
      mask = mask & (weights > 0)
    # A NaN in a masked label must reach neither the value nor the gradient, so
    # the label is replaced before the loss and not only after it.
    known = mask.reshape(-1, *[1] * (labels.ndim - 1))
    labels = jnp.where(known, labels, jnp.zeros_like(labels))
    values = self.made.loss(predictions, labels)
    return base.mean(values, mask, self.row_weights(labels, weights))

  def row_weights(self, labels: Any, weights: Any = None) -> Any:
    """What a row counts in a mean of losses, `[B]`; None is 1 for each.

    Args:
      labels: `[B, ...]`.
      weights: of the rows, `[B]`; None is 1 for every row.
    """
    counts = self.made.counts
    if counts is None:
      return weights
    counted = counts(labels).astype(jnp.float32)
    return counted if weights is None else counted * weights

  @property
  def dense(self) -> bool:
    """Whether predictions are maps, `[B, H, W, outputs]`."""
    return self.made.head == 'dense'

  def renamed(self, name: str) -> 'Task':
    """Returns the same task under another name."""
    return Task(name, self.kind, **dict(self.fields))

  def completed(self, labels: Any, known: Any) -> 'Task':
    """Returns the task with the fields that its kind infers from labels.

    Args:
      labels: labels of all splits, `[N]` or `[N, d]`.
      known: bool `[N]`, True where the label is known.

    Returns:
      A task in which given fields are unchanged and missing ones are set.
    """
    if self.made.infer is None:
      return self
    inferred = self.made.infer(labels, known)
    return Task(self.name, self.kind, **(inferred | dict(self.fields)))


def check(tasks: tuple[Task, ...]) -> None:
  """Checks a list of tasks.

  Raises:
    InputError: if a kind is unknown, its fields are wrong, or a name is
      repeated.
  """
  for task in tasks:
    try:
      _ = task.made
    except InputError as error:
      raise InputError(f'task {task.name!r}: {error}') from error
  names = [task.name for task in tasks]
  if len(set(names)) < len(names):
    raise InputError(f'two tasks share a name: {names}')


def maker(kind: str) -> Callable[..., Kind]:
  """Returns the `make` function of a kind.

  Raises:
    InputError: if the kind does not exist or has no `make`.
  """
  return plugins.find(__name__, kind, 'make')


def _named(kind: str, values: tuple) -> dict[str, Any]:
  """Maps positional values to the names of the parameters of `make`."""
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
  """Converts lists and arrays to tuples, so that a task is hashable."""
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
  except Exception as error:  # A kind may raise anything about its fields.
    text = ' '.join(str(error).split())
    raise InputError(f'kind {kind!r}: {text}') from error
