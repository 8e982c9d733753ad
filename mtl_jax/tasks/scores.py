"""Evaluates the metrics of one run or of many, on the host."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from mtl_jax.tasks import Kind, Task

# Predictions with more elements than this stay on the device if their kind has
# a summary: on the host, the metrics of 10 such runs take 0.1 s.
MOST = 100_000


class Labels(NamedTuple):
  """Labels of one split.

  All arrays have a leading axis of runs if the runs have different rows.

  Attributes:
    labels: one array `[N, ...]` per task; None of a dense task, whose maps are
      read on the device alone.
    weights: `[N, K]`, 0 where the label is missing.
  """

  labels: tuple[np.ndarray, ...]
  weights: np.ndarray


class Scores(NamedTuple):
  """Metrics of R runs.

  Attributes:
    values: `values[task][metric]` is an array `[R]`.
    faults: one sentence for each metric that raised an exception.
  """

  values: dict[str, dict[str, np.ndarray]]
  faults: tuple[str, ...]


def weights(mask: Any, weights: Any) -> Any:
  """Returns the weights of labels, 0 where they are missing.

  Args:
    mask: True where a label is known, in NumPy or JAX.
    weights: of the same shape; None returns the mask, as every weight is 1.
  """
  return mask if weights is None else mask * weights


def summarised(task: Task, rows: int) -> bool:
  """Returns whether the device computes the summary of a task.

  Args:
    task: the task.
    rows: number of rows of the split.
  """
  large = task.dense or rows * task.num_outputs > MOST
  return task.made.summary is not None and large


def of_runs(
  tasks: Sequence[Task],
  outputs: Sequence[Any],
  known: Labels,
  losses: np.ndarray,
) -> Scores:
  """Computes every metric of every task, and its loss.

  Args:
    tasks: the K tasks.
    outputs: per task, predictions `[R, rows, outputs]`, or the summary if
      `summarised` is True. Rows beyond those of the labels are padding.
    known: the labels; without a leading axis if all runs share them.
    losses: `[R, K]`.

  Returns:
    Metrics of each task by name, with the loss under `loss`.
  """
  runs, rows = len(losses), known.weights.shape[-2]
  own = known.weights.ndim == 3
  values, faults = {}, {}
  for t, task in enumerate(tasks):
    padded = jax.tree.leaves(outputs[t])[0].shape[1]
    ready = summarised(task, padded)
    columns = {name: np.full(runs, np.nan) for name in task.metrics}
    for r in range(runs):
      labels = known.labels[t]
      labels = labels[r] if own and labels is not None else labels
      weights = (known.weights[r] if own else known.weights)[:, t]
      one = jax.tree.map(lambda x, r=r: x[r, :rows], outputs[t])
      scores = of_run(task, one, labels, weights, ready, faults)
      for name, value in scores.items():
        columns[name][r] = value
    values[task.name] = columns | {'loss': losses[:, t]}
  return Scores(values, tuple(faults.values()))


def of_run(
  task: Task,
  output: Any,
  labels: np.ndarray | None,
  weights: np.ndarray,
  ready: bool = False,
  faults: dict[Any, str] | None = None,
) -> dict[str, float]:
  """Computes every metric of one task in one run; NaN if it is undefined.

  Args:
    task: the task.
    output: predictions `[N, outputs]`, or the summary if `ready`.
    labels: `[N]` or `[N, d]`; None of a dense task with a summary.
    weights: `[N]`, 0 where the label is missing; a bool mask is accepted.
    ready: whether `output` is a summary.
    faults: filled with one sentence for each metric that raised an exception.

  Returns:
    The metrics by name.
  """
  rows = np.flatnonzero(weights)
  output = jax.tree.map(lambda x: np.asarray(x)[rows], output)
  # Float64 as in scikit-learn: sums over thousands of rows need it.
  output = jax.tree.map(_wide, output)
  weights = weights[rows].astype(float)
  if labels is not None:
    labels = _wide(np.asarray(labels)[rows])
  kind, faults = task.made, {} if faults is None else faults
  if not len(rows) or any(np.isnan(x).any() for x in jax.tree.leaves(output)):
    return dict.fromkeys(kind.metrics, float('nan'))
  with np.errstate(all='ignore'):
    if kind.summary and not ready:
      output = kind.summary(output, labels, weights)
    arguments = output, labels, weights
    return {k: _value(task, k, kind, arguments, faults) for k in kind.metrics}


def _value(task: Task, name: str, kind: Kind, arguments, faults) -> float:
  try:
    return float(kind.metrics[name].compute(*arguments))
  except Exception as error:  # A user's metric must not end the run.
    text = ' '.join(f'{type(error).__name__}: {error}'.split())[:200]
    fault = f'task {task.name!r}: metric {name} raised {text}; it is NaN'
    faults.setdefault((task.name, name), fault)
    return float('nan')


def _wide(x: np.ndarray) -> np.ndarray:
  return x.astype(np.float64) if x.dtype.kind == 'f' else x
