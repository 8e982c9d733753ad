"""Checks of label maps, and ways of averaging over the pixels of a split.

Published code averages in two ways, which give different numbers. The line of
CAGrad, Nash-MTL and FAMO takes the mean over the labelled pixels of a batch of
two pictures, and then the mean over batches (their "median" is a mean of batch
medians); LibMTL takes all pixels of the split at once.
"""

from collections.abc import Callable

import numpy as np

from mtl_jax.errors import InputError, nearest

AVERAGING = ('pixels', 'batches')


def check_averaging(averaging: str, metric_batch: int) -> None:
  """Checks the two fields of a dense kind.

  Raises:
    InputError: one is not valid.
  """
  if averaging not in AVERAGING:
    raise InputError(
      f'averaging={averaging!r}: {nearest(averaging, AVERAGING)}'
    )
  if metric_batch < 1:
    raise InputError(f'metric_batch={metric_batch}; give 1 picture or more')


def averaged(
  metric: Callable[[np.ndarray], float], averaging: str, metric_batch: int
) -> Callable:
  """Makes a metric of sums over pixels a metric of the pictures of a split.

  Args:
    metric: of sums `[...]` over pixels.
    averaging: `pixels`: of the sums over all pictures; `batches`: the mean of
      the values of batches.
    metric_batch: pictures of a batch, in the order of the split.

  Returns:
    `(sums [N, ...], labels, weights [N]) -> float`.
  """

  def of_split(sums, labels, weights):
    del labels
    weighted = sums * weights.reshape(-1, *[1] * (sums.ndim - 1))
    if averaging == 'pixels':
      return metric(weighted.sum(0))
    starts = range(0, len(sums), metric_batch)
    each = [metric(weighted[i : i + metric_batch].sum(0)) for i in starts]
    # A batch without a labelled pixel has no value.
    return np.nanmean(each)

  return of_split


def check_shape(labels: np.ndarray, depth: int, remedy: str) -> None:
  """Checks the shape of label maps.

  Args:
    labels: `[N, H, W]`, or `[N, H, W, depth]`.
    depth: size of the last axis; 0 if there is none.
    remedy: what to do, for the message.

  Raises:
    InputError: they have another shape.
  """
  wanted = ['N', 'H', 'W', *([str(depth)] if depth else [])]
  fits = labels.ndim == len(wanted) and (not depth or labels.shape[-1] == depth)
  if not fits:
    raise InputError(
      f'labels are {list(labels.shape)} and not [{", ".join(wanted)}]; {remedy}'
    )


def refuse(
  bad: np.ndarray, labels: np.ndarray, known: np.ndarray, remedy: str
) -> None:
  """Raises `InputError` that names the first bad pixel.

  Args:
    bad: bool `[N, H, W]`.
    labels: `[N, H, W]`, or `[N, H, W, C]`.
    known: which pictures have labels, bool `[N]`.
    remedy: the rule that the pixel breaks and what to do, for the message.

  Raises:
    InputError: a pixel of a labelled picture is bad.
  """
  bad = bad & known[:, None, None]
  if bad.any():
    n, y, x = (int(i) for i in np.argwhere(bad)[0])
    raise InputError(
      f'picture {n}, pixel ({y}, {x}) is {labels[n, y, x].tolist()}; {remedy}'
    )


def check_some(labelled: np.ndarray, known: np.ndarray, missing: str) -> None:
  """Checks that some pixel of a split has a label.

  Args:
    labelled: whether a pixel has one, bool `[N, H, W]`.
    known: which pictures have labels, bool `[N]`.
    missing: what marks a pixel without, for the message.

  Raises:
    InputError: none has.
  """
  if known.any() and not labelled[known].any():
    raise InputError(
      f'no pixel of any picture has a label (all are {missing}); leave the '
      'task out, or use other labels'
    )
