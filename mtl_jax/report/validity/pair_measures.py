"""What was measured of pairs of tasks in parts of a training, by seed.

Every measure is given the sign with which more of it should mean that sharing
helps.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from mtl_jax.report.interference import probe_records
from mtl_jax.report.interference.pairs import CORRECTED

# Shares of the steps: above the first, up to the second.
WHEN = {
  'step 0': (-1.0, 0.0),
  'to 10 %': (0.0, 0.1),
  '10 to 40 %': (0.1, 0.4),
  'from 40 %': (0.4, 1.0),
  'all': (-1.0, 1.0),
}
# A rate of one half is what two gradients without any relation have.
TURNED: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
  'cosine': lambda x: x,
  'conflict': lambda x: 0.5 - x,
  'magnitude_similarity': lambda x: x,
  'curvature_bound': lambda x: -x,
  'product': lambda x: x,
  'tag': lambda x: x,
  'tag_fall': lambda x: x,
}
Tables = dict[tuple[str, str], np.ndarray]


def tables(
  frame: pd.DataFrame, names: Sequence[str], seeds: Sequence[int], steps: int
) -> Tables:
  """Returns measures by part of the training.

  Args:
    frame: from `probe_records.frame`.
    names: of the tasks.
    seeds: in order.
    steps: of a run.

  Returns:
    `[seeds, tasks, tasks]`, i -> j, by measure and part.
  """
  total = frame[frame['module'] == probe_records.TOTAL]
  results: Tables = {}
  for when, (low, high) in WHEN.items():
    share = total['step'] / steps
    part = total[(share > low) & (share <= high)]
    for measure, turn in TURNED.items():
      own = part[part['measure'] == measure]
      results[measure, when] = turn(table(own, names, seeds))
    results[CORRECTED, when] = cosines(results['product', when])
  return results


def table(
  frame: pd.DataFrame, names: Sequence[str], seeds: Sequence[int]
) -> np.ndarray:
  """Returns means over probes.

  Args:
    frame: rows of one measure.
    names: of the tasks.
    seeds: in order.

  Returns:
    `[seeds, tasks, tasks]`, i -> j; NaN where there are none.
  """
  means = frame.groupby(['seed', 'task_i', 'task_j'])['value'].mean()
  places = pd.MultiIndex.from_product([seeds, names, names])
  shape = len(seeds), len(names), len(names)
  return means.reindex(places).to_numpy().reshape(shape)


def cosines(products: np.ndarray) -> np.ndarray:
  """Returns cosines from mean products of gradients on different batches.

  Args:
    products: `[..., K, K]`.

  Returns:
    `[..., K, K]`; NaN where an estimated squared norm is not positive, so that
    the gradient cannot be distinguished from noise.
  """
  both = (products + np.swapaxes(products, -1, -2)) / 2
  squares = np.einsum('...kk->...k', both)
  norms = np.sqrt(np.where(squares > 0, squares, np.nan))
  return np.clip(both / (norms[..., None] * norms[..., None, :]), -1, 1)
