"""Predictions and metrics of several seeds, as one table."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mtl_jax.models.new_rows import Encoding
from mtl_jax.tasks import Task, scores

Values = dict[tuple[str, str], float]  # by task and metric


def averaged(
  frames: Sequence[pd.DataFrame], index: pd.Index | None
) -> pd.DataFrame:
  """Averages predictions over seeds.

  Args:
    frames: predictions of each seed.
    index: of the rows, or None.

  Returns:
    Each column followed by `<column>_sd` if there are several seeds.
  """
  columns = list(dict.fromkeys(name for one in frames for name in one))
  found = {}
  for name in columns:
    values = np.stack([one[name] for one in frames if name in one])
    found[name] = values.mean(0)
    if len(frames) > 1:
      found[f'{name}_sd'] = values.std(0, ddof=min(1, len(values) - 1))
  return pd.DataFrame(found, index=index)


def of_seed(
  tasks: tuple[Task, ...],
  encoding: Encoding,
  outputs: list[np.ndarray],
  labels: tuple,
) -> Values:
  """Measures the predictions of one seed.

  Args:
    tasks: the K tasks.
    encoding: of the seed; its scales give the units of labels.
    outputs: of the heads, per task.
    labels: labels per task, and the weight of each label, `[N, K]`.

  Returns:
    The metrics; those of labels with a scale are in their unit.
  """
  found, (truths, weights) = {}, labels
  for t, task in enumerate(tasks):
    scale, output, truth = encoding.scales[t], outputs[t], np.asarray(truths[t])
    known = weights[:, t]
    if scale:
      output, truth = (scale.mean + scale.std * x for x in (output, truth))
    values = scores.of_run(task, output, truth, known)
    found |= {(task.name, name): value for name, value in values.items()}
  return found


def table(found: Sequence[Values]) -> pd.DataFrame:
  """Arranges the metrics of all seeds: `task`, `metric`, `mean` and `sd`."""
  rows = []
  for task, metric in found[0]:
    values = np.array([one[task, metric] for one in found])
    row = {'task': task, 'metric': metric, 'mean': values.mean()}
    rows.append(row | ({'sd': values.std(ddof=1)} if len(values) > 1 else {}))
  return pd.DataFrame(rows)
