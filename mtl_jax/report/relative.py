"""Delta_m: the mean relative change of metrics against a baseline."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

# A relative change is refused where the baseline is nearer to zero than this.
NEAR_ZERO = 1e-3


class DeltaM(NamedTuple):
  """Delta_m of each seed in percent; None with a `reason` where refused."""

  per_seed: np.ndarray | None
  reason: str = ''


def delta_m(
  values: ArrayLike,
  base: ArrayLike,
  higher_is_better: Sequence[bool],
  groups: Sequence[Sequence[int]],
  convention: str = 'P',
) -> float:
  """Returns the mean relative change of metrics against a baseline, in percent.

  The two conventions can rank methods differently. This function is for
  published tables, which give metrics without seeds; the report itself uses
  `paired_delta_m`.

  Args:
    values: `[metrics]`.
    base: `[metrics]`, of the baseline.
    higher_is_better: per metric.
    groups: the indices of each task's metrics; only used by 'P'.
    convention: 'P', + is better, mean over tasks of the mean over each task's
      metrics (Maninis et al., arXiv:1904.08918); or 'N', + is worse, flat mean
      over the metrics (CAGrad, Nash-MTL).

  Returns:
    Delta_m.

  Raises:
    ValueError: another convention.
  """
  gains = _gains(values, base, base, higher_is_better)
  if convention == 'N':
    return -100 * float(gains.mean())
  if convention != 'P':
    raise ValueError(f"convention is 'P' or 'N', not {convention!r}")
  return 100 * float(_task_mean(gains, groups))


def paired_delta_m(
  values: ArrayLike,
  base: ArrayLike,
  higher_is_better: Sequence[bool],
  groups: Sequence[Sequence[int]] | None = None,
  near_zero: float = NEAR_ZERO,
  names: Sequence[str] | None = None,
) -> DeltaM:
  """Returns Delta_m (convention P) of each seed.

  The denominators are the baseline's means over seeds and the numerators are
  paired, so the mean over seeds is `delta_m` of the means, while the spread
  includes that of the baseline.

  Args:
    values: `[seeds, metrics]`.
    base: `[seeds, metrics]`, of the baseline.
    higher_is_better: per metric.
    groups: as in `delta_m`; without it every metric is a task of its own.
    near_zero: least modulus of a baseline's mean.
    names: of the metrics, for the reason.

  Returns:
    `[seeds]` in percent; or None and a reason if no seed is complete or the
    mean of a baseline is nearer to zero than `near_zero`.
  """
  values, base = np.asarray(values, float), np.asarray(base, float)
  if not len(values):
    return DeltaM(None, 'no seed is complete in both rows')
  means = base.mean(0)
  small = int(np.abs(means).argmin())
  # Negated, so that a NaN is refused as well.
  if not abs(means[small]) >= near_zero:
    name = names[small] if names else f'metric {small}'
    reason = f'the baseline of {name} is {means[small]:.3g}'
    return DeltaM(None, f'{reason}, nearer to zero than {near_zero:g}')
  groups = groups or [[i] for i in range(means.size)]
  gains = _gains(values, base, means, higher_is_better)
  return DeltaM(100 * _task_mean(gains, groups))


def _gains(values, base, denominator, higher_is_better) -> np.ndarray:
  values, base = np.asarray(values, float), np.asarray(base, float)
  signs = np.where(np.asarray(higher_is_better), 1.0, -1.0)
  # The modulus: a rise of a negative score is a gain too.
  return signs * (values - base) / np.abs(denominator)


def _task_mean(gains, groups):
  return np.mean([gains[..., list(g)].mean(-1) for g in groups], axis=0)
