"""A data set of 60 small pictures, for encoders whose layers have a state."""

import numpy as np

from mtl_jax.data import base, columns, splits
from mtl_jax.tasks import Task

TASKS = Task('light', 'regression'), Task('left', 'binary')
CARD = base.Card('pictures', 'drawn here', 'none', 'none', '3:1:1 by row', {})


def load(
  split_seed: int | None = None, data_dir: str = '', files: str = ''
) -> base.Data:
  """Inputs `[N, 4, 4, 1]`; how light they are, and on which side."""
  x = np.random.default_rng(0).integers(256, size=(60, 4, 4, 1), dtype=np.uint8)
  left = (x[:, :, :2].mean((1, 2, 3)) > 127).astype(np.int32)
  rows = splits.stratified(left, (3, 1, 1), split_seed)
  light, known = columns.regression(x.mean((1, 2, 3)), rows[0])
  mask = np.stack([known, np.ones(60, bool)], axis=1)
  return base.cut(base.Split(x, (light, left), mask), rows, TASKS, CARD)
