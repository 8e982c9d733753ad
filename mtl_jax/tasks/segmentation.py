"""Semantic segmentation: the predictions are maps of logits of the classes."""

import jax.numpy as jnp
import numpy as np
import optax

from mtl_jax.tasks import label_maps
from mtl_jax.tasks.base import Kind, Metric

IGNORED = -1


def make(
  num_classes: int | None = None,
  averaging: str = 'pixels',
  metric_batch: int = 2,
) -> Kind:
  """Returns the kind; labels `[N, H, W]` are class numbers, -1 is ignored.

  Args:
    num_classes: number of classes, at least 2. None infers it from the labels
      of all splits.
    averaging: `pixels`, as in all published code since the end of 2020: of one
      confusion matrix, summed over the split; `batches`: the mean over batches.
    metric_batch: pictures of a batch of `batches`.

  Raises:
    ValueError: there are fewer than 2 classes, or a field is not valid.
  """
  if num_classes is not None and num_classes < 2:
    raise ValueError(f'num_classes is {num_classes}; it must be at least 2')
  label_maps.check_averaging(averaging, metric_batch)

  def check(values, known):
    count = num_classes or infer(values, known)['num_classes']
    return checked(values, known, count)

  def of_sums(metric):
    return label_maps.averaged(metric, averaging, metric_batch)

  return Kind(
    loss,
    num_classes or 0,
    check,
    {
      'miou': Metric(of_sums(miou), True, constant=constant_miou),
      'pixel_accuracy': Metric(of_sums(pixel_accuracy), True),
    },
    head='dense',
    counts=counts,
    summary=summary,
    infer=None if num_classes else infer,
    constant=entropy,
    predicted=lambda outputs: outputs.argmax(-1),
  )


def loss(predictions, labels):
  """Returns the mean cross-entropy over labelled pixels, `[B]`, in nats.

  Args:
    predictions: logits, `[B, H, W, C]`.
    labels: class numbers, `[B, H, W]`; -1 is ignored.
  """
  known = labels >= 0
  own = jnp.maximum(labels, 0).astype(jnp.int32)
  each = optax.softmax_cross_entropy_with_integer_labels(predictions, own)
  total = jnp.where(known, each, 0).sum((1, 2))
  return total / jnp.maximum(known.sum((1, 2)), 1)


def counts(labels):
  """Returns the number of labelled pixels of each picture, `[B]`."""
  return (labels >= 0).sum((1, 2))


def summary(predictions, labels, weights):
  """Returns the confusion matrix of each picture, `[B, C, C]`.

  Args:
    predictions: logits, `[B, H, W, C]`, in NumPy or JAX.
    labels: class numbers, `[B, H, W]`.
    weights: not used; the metrics apply them.

  Returns:
    Numbers of pixels by true class (rows) and predicted class (columns); NaN
    where a prediction is.
  """
  del weights
  xp = np if isinstance(predictions, np.ndarray) else jnp
  size = predictions.shape[-1]
  classes = xp.arange(size)[None, None]
  true = labels.reshape(len(labels), -1, 1) == classes
  found = predictions.argmax(-1).reshape(len(labels), -1, 1) == classes
  true, found = true.astype(np.float32), found.astype(np.float32)
  matrix = xp.einsum('npi,npj->nij', true, found)
  # The largest of logits that are not numbers would be some class.
  failed = xp.isnan(predictions).any((1, 2, 3))
  return xp.where(failed[:, None, None], np.float32(np.nan), matrix)


def miou(matrix) -> float:
  """Mean of the intersection over the union of the classes.

  A class that occurs neither in labels nor in predictions is left out, as its
  union is empty.

  Args:
    matrix: confusion matrix, `[C, C]`.
  """
  hits = np.diag(matrix)
  union = matrix.sum(0) + matrix.sum(1) - hits
  return np.mean(hits[union > 0] / union[union > 0])


def pixel_accuracy(matrix) -> float:
  """Share of the labelled pixels whose class is right."""
  return np.trace(matrix) / matrix.sum()


def infer(values, known) -> dict[str, int]:
  """Infers `num_classes`: the largest label plus 1, at least 2."""
  seen = values[known] if values.ndim == 3 else values[:0]
  return {'num_classes': int(np.max(seen, initial=1)) + 1}


def checked(values, known, num_classes: int) -> np.ndarray:
  """Returns label maps if they are class numbers or -1.

  Raises:
    InputError: they are not; it names the first picture and pixel.
  """
  label_maps.check_shape(values, 0, 'give one class number per pixel')
  wanted = f'classes are whole numbers from 0 to {num_classes - 1}'
  if values.dtype.kind == 'f':
    odd = values != np.floor(values)
    label_maps.refuse(odd, values, known, f'{wanted}; renumber them')
  label_maps.refuse(
    values < IGNORED, values, known, f'{wanted}; an ignored pixel is {IGNORED}'
  )
  label_maps.refuse(
    values >= num_classes,
    values,
    known,
    f'{wanted}; raise num_classes, or set the pixel to {IGNORED}',
  )
  label_maps.check_some(values >= 0, known, str(IGNORED))
  return values


def _shares(labels, weights) -> np.ndarray:
  """Shares of the classes of labelled pixels."""
  own = labels.astype(int).reshape(len(labels), -1)
  each = np.repeat(weights, own.shape[1])[own.ravel() >= 0]
  total = np.bincount(own.ravel()[own.ravel() >= 0], each)
  return total / total.sum()


def entropy(labels, weights) -> float:
  """Loss of the best constant prediction, in nats."""
  share = _shares(labels, weights)
  return -float(np.sum(share[share > 0] * np.log(share[share > 0])))


def constant_miou(labels, weights) -> float:
  """Mean IoU of predicting the most frequent class everywhere."""
  share = _shares(labels, weights)
  return share.max() / np.count_nonzero(share)
