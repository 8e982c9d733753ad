"""Linear models on the same splits, a baseline for every network."""

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

STRENGTHS = (0.01, 0.1, 1.0, 10.0)  # as C: the inverse of regularization


def fit(data: Data) -> tuple[Results, Results, int]:
  """Fits one linear model per task.

  The kind of a task defines its model; tasks of other kinds have no results,
  see `lacking`. The strength of regularization is the one of `STRENGTHS` with
  the smallest validation loss.

  Args:
    data: all splits. Tokens become a bag of words, images are flattened,
      categories have a column each.

  Returns:
    Results on validation and on test, by task and metric, and the number of
    coefficients of all models.

  Raises:
    ValueError: no task has a linear model, or one cannot be fitted.
  """
  if all(task.made.reference is None for task in data.tasks):
    raise ValueError('; '.join(lacking(data.tasks)))
  words = vocabulary(data)
  having = {
    t: task
    for t, task in enumerate(data.tasks)
    if task.made.reference is not None
  }
  # One split is read at a time: its rows may take most of the memory.
  split = read(data.train, words)
  fits = {t: _fits(task, split, t) for t, task in having.items()}
  split = read(data.valid, words)
  tried = {
    t: [_measure(having[t], model, split, t) for model in models]
    for t, models in fits.items()
  }
  best = {t: int(np.argmin([v['loss'] for v in vs])) for t, vs in tried.items()}
  split = read(data.test, words)
  on_valid, on_test = ({task.name: {} for task in data.tasks} for _ in range(2))
  for t, task in having.items():
    on_valid[task.name] = tried[t][best[t]]
    on_test[task.name] = _measure(task, fits[t][best[t]], split, t)
  return on_valid, on_test, sum(fits[t][best[t]].coefficients for t in having)


def lacking(tasks: Sequence[Task]) -> list[str]:
  """Returns one message for each task whose kind has no linear model."""
  return [
    f'no linear model of task {task.name!r}: kind {task.kind} has no reference'
    for task in tasks
    if task.made.reference is None
  ]


def vocabulary(data: Data) -> Any:
  """For each array of the inputs its number of words, or 0 without words."""
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


def read(split: Split | views.View, words: Any) -> Split:
  """Returns the split with a matrix `[N, F]` as its inputs.

  Args:
    split: its rows are copied.
    words: number of words in the structure of the inputs, see `vocabulary`.
  """
  return Split(features(split.inputs, words), *tuple(split)[1:])


def features(inputs: Any, words: Any) -> Any:
  """Turns inputs into a matrix: images flat, words as a bag of words.

  Args:
    inputs: an array, or a dictionary of arrays, which are put side by side.
    words: number of words in the same structure, see `vocabulary`.

  Returns:
    `[N, F]`, sparse for words and categories.
  """
  if isinstance(inputs, dict):
    parts = [
      one_hot(x, words[key]) if key == 'categories' else features(x, words[key])
      for key, x in inputs.items()
    ]
    if any(map(scipy.sparse.issparse, parts)):
      return scipy.sparse.hstack(parts, format='csr')
    return np.concatenate(parts, axis=1)
  return bag_of_words(inputs, words) if words else _flat(inputs)


def _flat(x: np.ndarray) -> np.ndarray:
  x = x.astype(np.float32) / 255 if x.dtype == np.uint8 else x
  return x.reshape(len(x), -1)


def one_hot(codes: np.ndarray, size: int) -> scipy.sparse.csr_matrix:
  """Marks the category of each column; 0, unseen or missing, has no mark.

  Args:
    codes: `[N, C]`.
    size: largest number of categories of a column, with 0.

  Returns:
    `[N, C * size]`.
  """
  row, column = np.nonzero(codes)
  place = column * size + codes[row, column]
  shape = len(codes), codes.shape[1] * size
  return scipy.sparse.csr_matrix(
    (np.ones(len(row), np.float32), (row, place)), shape
  )


def bag_of_words(tokens: np.ndarray, size: int) -> scipy.sparse.csr_matrix:
  """Marks which words occur in each row.

  Args:
    tokens: word numbers `[N, length]`; 0 is padding and 1 an unknown word,
      neither of which is marked.
    size: number of words, W.

  Returns:
    `[N, W]`, 1 where a word occurs.
  """
  row, position = np.nonzero(tokens > 1)
  once = np.ones(len(row), np.float32)
  word = tokens[row, position]
  bag = scipy.sparse.csr_matrix((once, (row, word)), (len(tokens), size))
  bag.data[:] = 1  # the matrix adds up entries of a repeated word
  return bag


def _fits(task: Task, split: Split, t: int) -> list[Linear]:
  fit, rows = task.made.reference, labelled(split, t)
  return [fit(strength, *rows) for strength in STRENGTHS]


def labelled(split: Split, t: int) -> tuple:
  """What a model of one task is fitted to.

  Args:
    split: read by `read`.
    t: number of the task.

  Returns:
    Inputs `[n, F]` and labels `[n, ...]` of the rows that count; with weights,
    also these, divided by their mean: the strength of regularisation then
    means the same whatever their unit is.
  """
  weights = scores.weights(split.mask, split.weights)[:, t]
  known, rows, labels = weights > 0, split.inputs, split.labels[t]
  if not known.all():
    rows, labels = rows[known], labels[known]
  if split.weights is None:
    return rows, labels
  own = weights[known].astype(np.float64)
  return rows, labels, own / own.mean()


def _measure(
  task: Task, model: Linear, split: Split, t: int
) -> dict[str, float]:
  return measure(task, model.predict(split.inputs), split, t)


def measure(
  task: Task, outputs: np.ndarray, split: Split, t: int
) -> dict[str, float]:
  """Computes every metric by the code that also measures networks.

  Args:
    task: the task.
    outputs: predictions in the form that a head produces, `[N, outputs]`.
    split: has the labels.
    t: number of the task.

  Returns:
    The metrics by name, and the loss under `loss`.
  """
  weights = scores.weights(split.mask, split.weights)
  outputs = outputs.astype(np.float32)
  values = scores.of_run(task, outputs, split.labels[t], weights[:, t])
  loss = task.loss(jnp.asarray(outputs), *known(split, t))
  return values | {'loss': float(loss)}


def known(split: Split, t: int) -> list[Any]:
  """Returns labels, mask and weights of one task, as `Task.loss` takes them.

  Args:
    split: has the labels.
    t: number of the task.

  Returns:
    JAX arrays `[N, ...]`; without weights the last is None.
  """
  weights = None if split.weights is None else split.weights[:, t]
  both = split.labels[t], split.mask[:, t], weights
  return jax.tree.map(jnp.asarray, list(both))
