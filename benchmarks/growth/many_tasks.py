"""A random data set with any number of tasks, half of them binary."""

import numpy as np

from mtl_jax.data import base
from mtl_jax.tasks import Task

ROWS, WIDTH = 1283, 19  # as in ACTG 175
CARD = base.Card('many_tasks', 'drawn here', 'none', 'none', 'by row', {})


def load(
  tasks: int = 5,
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
) -> base.Data:
  """Draws labels that are noisy linear functions of the inputs.

  Args:
    tasks: how many; every second one is binary, the others are regressions.
    split_seed: of the draw; each seed gives another data set.
    data_dir: unused; there is nothing to read.
    files: unused.

  Returns:
    Inputs float32 `[rows, WIDTH]` and float32 labels `[rows]` per task, with no
    label missing.
  """
  del data_dir, files
  draw = np.random.default_rng(split_seed)
  kinds = ['binary' if t % 2 else 'regression' for t in range(tasks)]
  named = tuple(Task(f'task_{t}', kind) for t, kind in enumerate(kinds))
  splits = [_split(draw, kinds, rows) for rows in (ROWS, 64, 64)]
  return base.counted(base.Data(*splits, named, CARD))


def _split(draw, kinds: list[str], rows: int) -> base.Split:
  x = draw.normal(size=(rows, WIDTH)).astype(np.float32)
  weights = draw.normal(size=(WIDTH, len(kinds)))
  values = x @ weights + draw.normal(size=(rows, len(kinds)))
  labels = tuple(
    (y > 0).astype(np.float32) if kind == 'binary' else y.astype(np.float32)
    for y, kind in zip(values.T, kinds, strict=True)
  )
  return base.Split(x, labels, np.ones((rows, len(kinds)), bool))
