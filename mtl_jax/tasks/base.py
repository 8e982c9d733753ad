"""What a kind of task is made of."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from mtl_jax.errors import InputError

HEADS = ('vector',)


class Metric(NamedTuple):
  """A measure of predictions, computed on the host.

  Attributes:
    compute: `(predictions [N, outputs], labels [N] or [N, d], weights [N]) ->
      float` in numpy, over rows whose label is known. Where the kind has a
      `summary`, that stands in the place of the predictions.
    higher_is_better: which way is better.
    chance: the value of predictions that know nothing, or None where it
      depends on the data.
  """

  compute: Callable[[Any, np.ndarray, np.ndarray], float]
  higher_is_better: bool
  chance: float | None = None


class Linear(NamedTuple):
  """A fitted linear model: what a head would put out, and its coefficients."""

  predict: Callable[[Any], np.ndarray]  # rows [N, F] -> [N, outputs]
  coefficients: int


class Kind(NamedTuple):
  """What a kind's `make(**fields)` returns.

  Attributes:
    loss: `(predictions [B, outputs], labels [B] or [B, d]) -> [B]`, in JAX,
      never negative. Rows without a label are masked outside; their label is
      then 0, which must give a finite value.
    outputs: channels of the head; 0 where a field is found from the labels.
    check: `(labels, known [N]) -> labels` in numpy; raises `InputError` with
      the first bad row, its value and the remedy, see `labels.refuse`.
    metrics: by name; the first is the headline.
    head: what reads the features: `vector`.
    summary: `(predictions, labels, weights) -> arrays`, in numpy or JAX as its
      arguments are. Metrics read it in the place of predictions, so that large
      ones need not leave the device.
    reference: `(strength, rows [N, F], labels) -> Linear`: the scikit-learn
      model of the reference row; None where there is none.
    found: `(labels, known) -> fields` of `make` that were not given; labels are
      those of all splits.
  """

  loss: Callable
  outputs: int
  check: Callable
  metrics: dict[str, Metric]
  head: str = 'vector'
  summary: Callable | None = None
  reference: Callable[..., Linear] | None = None
  found: Callable[..., dict[str, Any]] | None = None


def checked(name: str, kind: Any) -> Kind:
  """Returns `kind`, or raises `InputError` that names the part it lacks."""
  if not isinstance(kind, Kind):
    raise InputError(
      f'kind {name!r}: make returns {type(kind).__name__}; return '
      'mtl_jax.tasks.Kind(loss, outputs, check, metrics, head)'
    )
  for part in ('loss', 'check'):
    if not callable(getattr(kind, part)):
      raise InputError(f'kind {name!r}: its {part} is no function')
  if not isinstance(kind.outputs, int) or kind.outputs < (not kind.found):
    raise InputError(
      f'kind {name!r}: outputs is {kind.outputs!r}; give the number of '
      'channels that the head has'
    )
  named = isinstance(kind.metrics, dict) and kind.metrics
  if not named or not all(isinstance(m, Metric) for m in named.values()):
    raise InputError(
      f'kind {name!r}: metrics is no dict of name -> mtl_jax.tasks.Metric with '
      'at least one entry, the headline first'
    )
  if kind.head not in HEADS:
    raise InputError(
      f'kind {name!r}: head is {kind.head!r}; valid: {", ".join(HEADS)}'
    )
  return kind
