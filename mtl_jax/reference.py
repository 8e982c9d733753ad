"""Linear models on the same splits: what any network has to be level with."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
import scipy.sparse

from mtl_jax import scores
from mtl_jax.data.base import Data, Split
from mtl_jax.tasks import Linear, Task

Results = dict[str, dict[str, float]]

STRENGTHS = (0.01, 0.1, 1.0, 10.0)  # inverse regularisation, as in C


def fit(data: Data) -> tuple[Results, Results, int]:
  """One linear model per task, its strength chosen on validation.

  The kind of the task names it; a kind that names none has no results, see
  `lacking`. Bag of words for tokens. Returns results on validation, on test,
  and how many coefficients there are.

  Raises:
    ValueError: no task has a linear model, or one cannot be fitted.
  """
  if all(task.made.reference is None for task in data.tasks):
    raise ValueError('; '.join(lacking(data.tasks)))
  rows = features({name: s.inputs for name, s in data.splits.items()})
  on_valid, on_test, size = {}, {}, 0
  for t, task in enumerate(data.tasks):
    on_valid[task.name], on_test[task.name] = {}, {}
    if task.made.reference is None:
      continue
    fits = _fits(task, rows['train'], data.train, t)
    tried = [_measure(task, m, rows['valid'], data.valid, t) for m in fits]
    best = int(np.argmin([values['loss'] for values in tried]))
    on_valid[task.name] = tried[best]
    on_test[task.name] = _measure(task, fits[best], rows['test'], data.test, t)
    size += fits[best].coefficients
  return on_valid, on_test, size


def lacking(tasks: Sequence[Task]) -> list[str]:
  """A line for each task whose kind has no linear model."""
  return [
    f'no linear model of task {task.name!r}: kind {task.kind} names none'
    for task in tasks
    if task.made.reference is None
  ]


def features(inputs: dict[str, Any]) -> dict[str, Any]:
  """A matrix `[N, F]` per split: vectors as they are, images flat, words as
  whether each occurs."""
  one = next(iter(inputs.values()))
  if isinstance(one, dict):
    parts = [
      features({name: x[key] for name, x in inputs.items()}) for key in one
    ]
    return {n: np.concatenate([p[n] for p in parts], axis=1) for n in inputs}
  if one.ndim == 2 and one.dtype.kind in 'iu':
    size = max(int(tokens.max()) for tokens in inputs.values()) + 1
    return {name: bag_of_words(x, size) for name, x in inputs.items()}
  return {name: _flat(x) for name, x in inputs.items()}


def _flat(x: np.ndarray) -> np.ndarray:
  x = x.astype(np.float32) / 255 if x.dtype == np.uint8 else x
  return x.reshape(len(x), -1)


def bag_of_words(tokens: np.ndarray, size: int) -> scipy.sparse.csr_matrix:
  """Whether each of `size` words occurs; not padding (0) and unknown (1)."""
  row, place = np.nonzero(tokens > 1)
  once = np.ones(len(row), np.float32)
  word = tokens[row, place]
  bag = scipy.sparse.csr_matrix((once, (row, word)), (len(tokens), size))
  bag.data[:] = 1  # a word that occurs twice was added up
  return bag


def _fits(task: Task, rows: Any, split: Split, t: int) -> list[Linear]:
  known, fit = split.mask[:, t], task.made.reference
  own, labels = rows[known], split.labels[t][known]
  return [fit(strength, own, labels) for strength in STRENGTHS]


def _measure(
  task: Task, model: Linear, rows: Any, split: Split, t: int
) -> dict[str, float]:
  """Every metric of the task, by the same code that measures networks."""
  outputs = model.predict(rows).astype(np.float32)
  labelled = outputs, split.labels[t], split.mask[:, t]
  values = scores.of_run(task, *labelled)
  return values | {'loss': float(task.loss(*map(jnp.asarray, labelled)))}
