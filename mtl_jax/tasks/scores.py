"""Metrics on the host, of one run or of many."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from mtl_jax.tasks import Kind, Task

# Predictions of more numbers than this stay on the device where their kind has
# a summary: on the host, 10 runs of them take a tenth of a second.
MOST = 100_000


class Labels(NamedTuple):
  """Of one split: K arrays of labels `[N, ...]`, and `weights` `[N, K]`.

  With a leading axis where every run has rows of its own.
  """

  labels: tuple[np.ndarray, ...]
  weights: np.ndarray


class Scores(NamedTuple):
  """`values[task][metric]` is `[R]`; `faults` names metrics that raised."""

  values: dict[str, dict[str, np.ndarray]]
  faults: tuple[str, ...]


def summarised(task: Task, rows: int) -> bool:
  """Whether the device makes the task's summary, of as many rows."""
  return task.made.summary is not None and rows * task.num_outputs > MOST


def of_runs(
  tasks: Sequence[Task], found: Sequence[Any], known: Labels, losses: np.ndarray
) -> Scores:
  """Every metric of every task, and its loss.

  Args:
    tasks: K of them.
    found: of each task predictions `[R, rows, outputs]`, or the summary that
      `summarised` says the device made. Rows behind the labels' are padding.
    known: the labels; without a runs axis where all runs share them.
    losses: `[R, K]`.
  """
  runs, rows = len(losses), known.weights.shape[-2]
  own = known.weights.ndim == 3
  values, faults = {}, {}
  for t, task in enumerate(tasks):
    padded = jax.tree.leaves(found[t])[0].shape[1]
    ready = summarised(task, padded)
    columns = {name: np.full(runs, np.nan) for name in task.metrics}
    for r in range(runs):
      labels = known.labels[t][r] if own else known.labels[t]
      weights = (known.weights[r] if own else known.weights)[:, t]
      one = jax.tree.map(lambda x, r=r: x[r, :rows], found[t])
      scores = of_run(task, one, labels, weights, ready, faults)
      for name, value in scores.items():
        columns[name][r] = value
    values[task.name] = columns | {'loss': losses[:, t]}
  return Scores(values, tuple(faults.values()))


def of_run(
  task: Task,
  found: Any,
  labels: np.ndarray,
  weights: np.ndarray,
  ready: bool = False,
  faults: dict[Any, str] | None = None,
) -> dict[str, float]:
  """Every metric of one task in one run; NaN where one has no value.

  Args:
    task: whose metrics.
    found: predictions `[N, outputs]`, or the summary where it is `ready`.
    labels: `[N]` or `[N, d]`.
    weights: `[N]`, 0 where the label is not known; a mask will do.
    ready: whether `found` is a summary.
    faults: takes a sentence for each metric that raised.
  """
  kept = np.flatnonzero(weights)
  found = jax.tree.map(lambda x: np.asarray(x)[kept], found)
  # In float64, as scikit-learn has it; sums of thousands of rows need it.
  found = jax.tree.map(_wide, found)
  labels, weights = _wide(np.asarray(labels)[kept]), weights[kept].astype(float)
  kind, faults = task.made, {} if faults is None else faults
  if not len(kept) or any(np.isnan(x).any() for x in jax.tree.leaves(found)):
    return dict.fromkeys(kind.metrics, float('nan'))
  with np.errstate(all='ignore'):
    if kind.summary and not ready:
      found = kind.summary(found, labels, weights)
    arguments = found, labels, weights
    return {k: _value(task, k, kind, arguments, faults) for k in kind.metrics}


def _value(task: Task, name: str, kind: Kind, arguments, faults) -> float:
  try:
    return float(kind.metrics[name].compute(*arguments))
  except Exception as error:  # A metric may be anybody's; the run goes on.
    text = ' '.join(f'{type(error).__name__}: {error}'.split())[:200]
    fault = f'task {task.name!r}: metric {name} raised {text}; it is NaN'
    faults.setdefault((task.name, name), fault)
    return float('nan')


def _wide(x: np.ndarray) -> np.ndarray:
  return x.astype(np.float64) if x.dtype.kind == 'f' else x
