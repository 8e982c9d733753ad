"""Surface normals: the predictions are maps of vectors of any length."""

import jax
import jax.numpy as jnp
import numpy as np

from mtl_jax.tasks import label_maps
from mtl_jax.tasks.base import Kind, Metric

WITHIN = (11.25, 22.5, 30.0)
BINS = 1800  # of a tenth of a degree
HEAD = 2 + len(WITHIN)  # sums before the histogram
LENGTH = 0.01  # by which a label may differ from a unit vector, for float16
NONE = 1e-30  # squared length of a vector that has no direction


def make(averaging: str = 'pixels', metric_batch: int = 2) -> Kind:
  """Returns the kind; labels `[N, H, W, 3]` are unit vectors, 0 is missing.

  Args:
    averaging: `pixels`, as LibMTL: over all labelled pixels of the split;
      `batches`, as CAGrad, Nash-MTL and FAMO: over those of a batch, then the
      mean over batches, also of medians.
    metric_batch: pictures of a batch of `batches`.

  Raises:
    ValueError: a field is not valid.
  """
  label_maps.check_averaging(averaging, metric_batch)

  def of_sums(metric):
    return label_maps.averaged(metric, averaging, metric_batch)

  def share(i):
    return of_sums(lambda sums: sums[2 + i] / sums[0])

  return Kind(
    loss,
    3,
    check,
    {
      'mean_angle': Metric(
        of_sums(lambda sums: sums[1] / sums[0]), False, constant=constant_angle
      ),
      'median_angle': Metric(of_sums(median), False),
      **{f'within_{x:g}': Metric(share(i), True) for i, x in enumerate(WITHIN)},
    },
    head='dense',
    counts=counts,
    summary=summary,
    moved=moved,
    constant=spread,
    predicted=unit,
  )


def loss(predictions, labels):
  """Returns one minus the mean cosine over labelled pixels, `[B]`.

  Args:
    predictions: `[B, H, W, 3]`; they are divided by their lengths.
    labels: unit vectors, `[B, H, W, 3]`; 0 is missing.
  """
  known = _known(labels)
  # Component by component: reductions over three numbers are slow on CPUs.
  parts = [predictions[..., i] for i in range(3)]
  square = sum(part**2 for part in parts)
  along = sum(part * labels[..., i] for i, part in enumerate(parts))
  # The root of 0 has no derivative, so it is not taken.
  cosine = along / jnp.sqrt(jnp.where(square > NONE, square, 1))
  # Rounded labels may be longer than 1.
  total = jnp.where(known, jnp.maximum(1 - cosine, 0), 0).sum((1, 2))
  return total / jnp.maximum(known.sum((1, 2)), 1)


def unit(vectors):
  """Divides vectors `[..., 3]` by their lengths; 0 stays 0, and so its slope.

  Args:
    vectors: in NumPy or JAX.
  """
  xp = np if isinstance(vectors, np.ndarray) else jnp
  square = (vectors**2).sum(-1, keepdims=True)
  # The root of 0 has no derivative, so it is not taken.
  return vectors / xp.sqrt(xp.where(square > NONE, square, 1))


def counts(labels):
  """Returns the number of labelled pixels of each picture, `[B]`."""
  return _known(labels).sum((1, 2))


def summary(predictions, labels, weights):
  """Returns sums over the labelled pixels of each picture, `[B, 1805]`.

  Args:
    predictions: `[B, H, W, 3]`, in NumPy or JAX.
    labels: unit vectors, `[B, H, W, 3]`.
    weights: not used; the metrics apply them.

  Returns:
    Number of pixels; sum of the angles in degrees; numbers of pixels within
    11.25, 22.5 and 30 degrees; a histogram of the angles in tenths of a degree.
  """
  del weights
  xp = np if isinstance(predictions, np.ndarray) else jnp
  known = _known(labels)
  angle = angles(predictions, labels)
  near = [angle < limit for limit in WITHIN]
  each = [xp.ones_like(angle), angle, *near]
  sums = xp.stack([xp.where(known, x, 0).sum((1, 2)) for x in each], axis=1)
  rows = len(labels)
  place = xp.minimum(angle * 10, BINS - 1).astype(np.int32).reshape(rows, -1)
  counted = known.reshape(rows, -1).astype(sums.dtype)
  return xp.concatenate([sums, _histograms(place, counted)], axis=1)


def angles(predictions, labels):
  """Returns angles between vectors in degrees, `[B, H, W]`.

  The arc cosine of float32 is wrong by .02 degrees near 0; this is not.
  """
  xp = np if isinstance(predictions, np.ndarray) else jnp
  a, b = unit(predictions), unit(labels.astype(predictions.dtype))
  apart = xp.sqrt(((a - b) ** 2).sum(-1))
  along = xp.sqrt(((a + b) ** 2).sum(-1))
  return xp.degrees(2 * xp.arctan2(apart, along))


def median(sums) -> float:
  """Median angle in degrees, of a histogram with bins of .1 degrees.

  Within a bin pixels are taken to be spread evenly: it is off by at most .1.
  """
  histogram = sums[HEAD:]
  whole = np.cumsum(histogram)
  half = whole[-1] / 2
  place = int(np.searchsorted(whole, half))
  before = whole[place] - histogram[place]
  return (place + (half - before) / histogram[place]) / 10


def moved(labels, scale, flipped):
  """A mirror exchanges left and right, the first number of a normal."""
  del scale
  mirror = jnp.array([[[-1, 1, 1]]], labels.dtype)
  return jnp.where(flipped, labels * mirror, labels)


def check(values, known) -> np.ndarray:
  """Returns normals if they are unit vectors or 0.

  Raises:
    InputError: they are not; it names the first picture and pixel.
  """
  label_maps.check_shape(values, 3, 'give one vector per pixel')
  # Without arrays of all squares: the maps of a published set are a gigabyte.
  square = np.einsum(
    'nhwc,nhwc->nhw', values, values, dtype=np.float32, casting='same_kind'
  )
  length = np.sqrt(square)
  bad = (np.abs(length - 1) > LENGTH) & (length > 0)
  label_maps.refuse(
    bad,
    values,
    known,
    'normals have length 1; divide them by their length, or set a missing '
    'pixel to (0, 0, 0)',
  )
  label_maps.check_some(length > 0, known, '(0, 0, 0)')
  return values


def spread(labels, weights) -> float:
  """Loss of the best constant prediction: one less the length of the mean."""
  return 1 - float(np.linalg.norm(_mean(labels, weights)[2]))


def constant_angle(labels, weights) -> float:
  """Mean angle to the mean vector, in degrees."""
  values, each, mean = _mean(labels, weights)
  return float(np.average(angles(mean[None], values), weights=each))


def _mean(labels, weights) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Known normals, the weight of each, and their weighted mean vector."""
  known = _known(labels)
  values = labels[known].astype(np.float64)
  each = np.broadcast_to(weights[:, None, None], known.shape)[known]
  return values, each, each @ values / each.sum()


def _known(labels):
  return (labels != 0).any(-1)


def _histograms(place, counted):
  """Counts of `place` `[B, P]`, weighted, in `BINS` bins: `[B, BINS]`."""
  if isinstance(place, np.ndarray):
    pairs = zip(place, counted, strict=True)
    return np.stack([np.bincount(p, c, BINS) for p, c in pairs])
  one = jax.vmap(lambda p, c: jnp.zeros(BINS, c.dtype).at[p].add(c))
  return one(place, counted)
