"""The parts that define a kind of task: loss, label check and metrics."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from mtl_jax.errors import InputError

HEADS = ('vector', 'dense')


class Metric(NamedTuple):
  """A measure of predictions, computed on the host.

  Attributes:
    compute: `(predictions [N, outputs], labels [N] or [N, d], weights [N]) ->
      float` in NumPy, over rows whose label is known. If the kind has a
      `summary`, its result is passed instead of the predictions; of a dense
      kind the labels may then be None, since maps stay on the device.
    higher_is_better: whether larger values are better.
    chance: the value for uninformative predictions, or None if it depends on
      the data.
    constant: `(labels, weights) -> float`: the value of the best constant
      prediction, by which `config.select='metric'` divides where `chance` is
      None. None counts the metric in its own unit.
    in_label_unit: whether the metric is an error in the unit of the label. It
      is then reported in the label's own unit where labels were standardised.
  """

  compute: Callable[[Any, np.ndarray, np.ndarray], float]
  higher_is_better: bool
  chance: float | None = None
  constant: Callable[[np.ndarray, np.ndarray], float] | None = None
  in_label_unit: bool = False


class Linear(NamedTuple):
  """A fitted linear model.

  Attributes:
    predict: maps inputs `[N, F]` to predictions `[N, outputs]`, in the form
      that a head of the same kind produces (logits, for example).
    coefficients: number of fitted coefficients, intercepts included.
  """

  predict: Callable[[Any], np.ndarray]
  coefficients: int


class Kind(NamedTuple):
  """The definition of a kind of task, as returned by its `make(**fields)`.

  Attributes:
    loss: `(predictions [B, outputs], labels [B] or [B, d]) -> [B]`, in JAX,
      never negative. The caller masks rows without a label; their label is set
      to 0, for which the loss must be finite.
    outputs: number of output channels of the head; 0 if it is still to be
      inferred from the labels.
    check: `(labels, known [N]) -> labels` in NumPy; raises `InputError` with
      the first bad row, its value and the remedy, see `labels.refuse`.
    metrics: metrics by name; the first is the primary metric.
    head: what reads the features: `vector`, which pools positions and predicts
      `[B, outputs]`, or `dense`, which predicts a map `[B, H, W, outputs]`.
    counts: `(labels [B, ...]) -> [B]`: how many values of each row its loss
      averages, by which rows count in the mean over a batch: the loss of maps
      is then the mean over all labelled pixels of the batch. None counts every
      row once.
    summary: `(predictions, labels, weights) -> arrays`, in NumPy or JAX
      according to its arguments. Metrics receive it instead of the
      predictions, so that large predictions need not leave the device. Of a
      dense kind it is one array `[N, ...]`, made batch by batch.
    moved: `(labels [H, W, ...], scale, flipped) -> labels` in JAX: what becomes
      of the labels of a picture that is enlarged by `scale` and, where
      `flipped`, mirrored left to right; pixels are already in their new places.
      None leaves them as they are.
    reference: `(strength, inputs [N, F], labels, weights=None) -> Linear`: fits
      the scikit-learn model of the table's reference row; None if there is
      none. Weights are passed only if the data have them; their mean is 1.
    trees: `(setting, inputs [N, F], labels, weights=None) -> stages`: fits
      gradient-boosted trees, see `boosting`. `stages(inputs [M, F])` yields
      predictions `[M, outputs]` after each tree, in the form that a head
      produces; None if there are none.
    infer: `(labels, known) -> fields` of `make` that were not given; labels
      are those of all splits. None if nothing is inferred.
    constant: `(labels, weights) -> float` in NumPy, over rows whose label is
      known: the weighted mean loss of the best constant prediction, which is
      the unit of the loss when parameters are selected. None finds it
      numerically.
    predicted: `outputs [N, outputs] -> [N, columns]` in NumPy: predictions in
      the unit of the label, for people: probabilities of classes, a rate; of a
      dense kind the maps of labels, from `[N, H, W, outputs]`. None gives the
      outputs of the head as they are.
    classes: the class numbers whose probabilities these columns are; () if they
      are something else.
  """

  loss: Callable
  outputs: int
  check: Callable
  metrics: dict[str, Metric]
  head: str = 'vector'
  counts: Callable | None = None
  summary: Callable | None = None
  moved: Callable | None = None
  reference: Callable[..., Linear] | None = None
  trees: Callable[..., Callable] | None = None
  infer: Callable[..., dict[str, Any]] | None = None
  constant: Callable[[np.ndarray, np.ndarray], float] | None = None
  predicted: Callable[[np.ndarray], np.ndarray] | None = None
  classes: tuple[int, ...] = ()


def mean(
  values: Float[Array, 'batch'],
  mask: Bool[Array, 'batch'],
  weights: Float[Array, 'batch'] | None = None,
) -> Float[Array, '']:
  """Returns the weighted mean of masked values, 0 if nothing has a weight.

  Args:
    values: `[B]`.
    mask: `[B]`, True where a value counts.
    weights: `[B]`; None is 1 for every value.
  """
  total = values if weights is None else values * weights
  total = jnp.where(mask, total, 0).sum()
  # Without a value both branches avoid 0 / 0.
  if weights is None:
    return total / jnp.maximum(mask.sum(), 1)
  whole = jnp.where(mask, weights, 0).sum()
  return total / jnp.where(whole > 0, whole, 1)


def checked(name: str, kind: Any) -> Kind:
  """Returns `kind` if it is a valid definition.

  Args:
    name: name of the kind, for the message.
    kind: what its `make` returned.

  Raises:
    InputError: if a part is missing or has the wrong type; it names the part.
  """
  if not isinstance(kind, Kind):
    raise InputError(
      f'kind {name!r}: make returns {type(kind).__name__}; return '
      'mtl_jax.tasks.Kind(loss, outputs, check, metrics, head)'
    )
  for part in ('loss', 'check'):
    if not callable(getattr(kind, part)):
      raise InputError(f'kind {name!r}: its {part} is not a function')
  # 0 outputs are allowed only while they are still to be inferred.
  if not isinstance(kind.outputs, int) or kind.outputs < (not kind.infer):
    raise InputError(
      f'kind {name!r}: outputs is {kind.outputs!r}; give the number of '
      'output channels of the head'
    )
  named = isinstance(kind.metrics, dict) and kind.metrics
  if not named or not all(isinstance(m, Metric) for m in named.values()):
    raise InputError(
      f'kind {name!r}: metrics is not a dict of name -> mtl_jax.tasks.Metric '
      'with at least one entry, the primary metric first'
    )
  if kind.constant is not None and not callable(kind.constant):
    raise InputError(f'kind {name!r}: its constant is not a function')
  if kind.head == 'dense' and kind.summary is None:
    raise InputError(
      f'kind {name!r}: a dense kind needs a summary, since whole maps are not '
      'kept; see mtl_jax/tasks/depth.py'
    )
  if kind.head not in HEADS:
    raise InputError(
      f'kind {name!r}: head is {kind.head!r}; valid: {", ".join(HEADS)}'
    )
  return kind
