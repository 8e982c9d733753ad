"""Linear models on the same splits: what any network has to be level with."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse

from mtl_jax.data import views
from mtl_jax.data.base import Data, Split
from mtl_jax.tasks import Linear, Task, scores

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
  words = vocabulary(data)
  has = {t: k for t, k in enumerate(data.tasks) if k.made.reference is not None}
  # Of one split at a time: its rows may be most of the memory.
  split = _read(data.train, words)
  fits = {t: _fits(task, split, t) for t, task in has.items()}
  split = _read(data.valid, words)
  tried = {
    t: [_measure(has[t], model, split, t) for model in models]
    for t, models in fits.items()
  }
  best = {t: int(np.argmin([v['loss'] for v in vs])) for t, vs in tried.items()}
  split = _read(data.test, words)
  on_valid, on_test = ({task.name: {} for task in data.tasks} for _ in range(2))
  for t, task in has.items():
    on_valid[task.name] = tried[t][best[t]]
    on_test[task.name] = _measure(task, fits[t][best[t]], split, t)
  return on_valid, on_test, sum(fits[t][best[t]].coefficients for t in has)


def lacking(tasks: Sequence[Task]) -> list[str]:
  """A line for each task whose kind has no linear model."""
  return [
    f'no linear model of task {task.name!r}: kind {task.kind} names none'
    for task in tasks
    if task.made.reference is None
  ]


def vocabulary(data: Data) -> Any:
  """For each array of the inputs one more than its largest word, else 0."""
  one = views.first(data.train, 1).inputs
  if not any(map(_is_words, jax.tree.leaves(one))):
    return jax.tree.map(lambda x: 0, one)
  sizes = [
    jax.tree.map(lambda x: int(x.max()) + 1 if _is_words(x) else 0, s.inputs)
    for s in data.splits.values()
  ]
  return jax.tree.map(max, *sizes)


def _is_words(x: np.ndarray) -> bool:
  return x.ndim == 2 and x.dtype.kind in 'iu'


def _read(split: Split | views.View, words: Any) -> Split:
  """The split with a matrix as its inputs."""
  return Split(features(split.inputs, words), split.labels, split.mask)


def features(inputs: Any, words: Any) -> Any:
  """A matrix `[N, F]`: vectors as they are, images flat, words as whether each
  occurs."""
  if isinstance(inputs, dict):
    parts = [features(x, words[key]) for key, x in inputs.items()]
    return np.concatenate(parts, axis=1)
  return bag_of_words(inputs, words) if words else _flat(inputs)


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


def _fits(task: Task, split: Split, t: int) -> list[Linear]:
  known, fit = split.mask[:, t], task.made.reference
  rows, labels = split.inputs, split.labels[t]
  if not known.all():
    rows, labels = rows[known], labels[known]
  return [fit(strength, rows, labels) for strength in STRENGTHS]


def _measure(
  task: Task, model: Linear, split: Split, t: int
) -> dict[str, float]:
  """Every metric of the task, by the same code that measures networks."""
  outputs = model.predict(split.inputs).astype(np.float32)
  labelled = outputs, split.labels[t], split.mask[:, t]
  values = scores.of_run(task, *labelled)
  return values | {'loss': float(task.loss(*map(jnp.asarray, labelled)))}
