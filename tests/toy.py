"""A data set of 90 rows, in the manner of docs/data.md, for tests of runs."""

import numpy as np

from mtl_jax.data import base, columns, splits
from mtl_jax.tasks import Task

TASKS = Task('sum', 'regression'), Task('first', 'binary')
CARD = base.Card('toy', 'drawn here', 'none', 'none', '3:1:1 by row', {})


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  scale: float = 1.0,
  unlabelled: int = 0,
) -> base.Data:
  """Inputs `[N, 3]`; the first `unlabelled` rows lack the second label."""
  x = np.random.default_rng(0).normal(size=(90, 3))
  first = (x[:, 0] > 0).astype(np.int32)
  rows = splits.stratified(first, (3, 1, 1), split_seed)
  total, known = columns.regression(x.sum(axis=1), rows[0])
  mask = np.stack([known, np.arange(90) >= unlabelled], axis=1)
  inputs = columns.standardise(x, rows[0]) * np.float32(scale)
  return base.cut(base.Split(inputs, (total, first), mask), rows, TASKS, CARD)
