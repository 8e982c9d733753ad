"""Random predictions and labels of every kind."""

import numpy as np

from mtl_jax.tasks import Task

TASKS = {
  'binary': Task('t', 'binary'),
  'multiclass': Task('t', 'multiclass', 4),
  'regression': Task('t', 'regression'),
  'several': Task('t', 'regression', 3),
  'count': Task('t', 'count'),
  'ordinal': Task('t', 'ordinal', 4),
  'survival': Task('t', 'survival', edges=(0.5, 1.0, 2.0)),
}
METRICS = [(kind, m) for kind, task in TASKS.items() for m in task.metrics]


def case(kind, seed, rows=40, share=0.6):
  """Predictions, labels and a mask with `share` of them valid.

  Rounded, so that scores tie.
  """
  draw = np.random.default_rng(seed)
  shape = rows, TASKS[kind].num_outputs
  predictions = draw.normal(size=shape).round(1).astype(np.float32)
  labels = {
    'binary': lambda: draw.integers(2, size=rows),
    # The last class is never a label.
    'multiclass': lambda: draw.integers(3, size=rows),
    'ordinal': lambda: draw.integers(3, size=rows),
    'regression': lambda: draw.normal(3, 2, size=rows),
    'several': lambda: draw.normal(3, 2, size=shape),
    'count': lambda: draw.poisson(1.5, size=rows),
    'survival': lambda: np.stack(
      [0.5 + draw.exponential(size=rows).round(1), draw.integers(2, size=rows)],
      1,
    ),
  }[kind]()
  mask = draw.random(rows) < share
  mask[:2] = True
  if kind == 'binary':
    labels[:2] = 0, 1
  whole = kind in ('multiclass', 'ordinal')
  return predictions, labels.astype(np.int32 if whole else np.float32), mask


def hidden(kind, labels, mask):
  """The same labels, with what a file holds where there is none."""
  missing = -1 if labels.dtype == np.int32 else np.nan
  shown = mask.reshape(-1, *[1] * (labels.ndim - 1))
  return np.where(shown, labels, np.array(missing, labels.dtype))
