"""Gradient-boosted trees on the same splits, a baseline on tables of numbers.

On tables of medium size they are hard to beat by networks (Grinsztajn et al.,
arXiv:2207.08815).
"""

import importlib
import itertools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from mtl_jax.data import views
from mtl_jax.data.base import Data, Split
from mtl_jax.run import linear
from mtl_jax.run.linear import Results
from mtl_jax.tasks import Task
from mtl_jax.tasks.boosting import Setting, Stages

SETTINGS = tuple(Setting(0.1, leaves, iterations=100) for leaves in (2, 4, 8))
# One setting for training splits of more numbers than `LARGE`, where each fit
# takes many seconds and small trees would learn too little in 100 iterations.
FOR_LARGE = (Setting(0.2, 31, iterations=100),)
LARGE = 1_000_000
# Numbers of trees that the validation split chooses from.
COUNTS = (1, 2, 3, 5, 7, 10, 14, 20, 28, 40, 56, 75, 100)


def applies(data: Data) -> bool:
  """Returns whether the inputs are a table of numbers: floats, `[N, F]`."""
  inputs = jax.tree.leaves(views.first(data.train, 1).inputs)
  return all(x.ndim == 2 and x.dtype.kind == 'f' for x in inputs)


def fit(data: Data) -> tuple[Results, Results, None]:
  """Fits trees to each task.

  The kind of a task defines its loss; tasks of other kinds have no results, see
  `lacking`. The setting and the number of trees are those with the smallest
  validation loss.

  Args:
    data: all splits, for which `applies` is true.

  Returns:
    Results on validation and on test, by task and metric, and None: trees have
    no number of parameters that compares with that of a network.

  Raises:
    ValueError: no task has trees, or they cannot be fitted.
  """
  if all(task.made.trees is None for task in data.tasks):
    raise ValueError('; '.join(lacking(data.tasks)))
  # scikit-learn loads OpenMP, which can be limited only then.
  importlib.import_module('sklearn.ensemble')
  limits = importlib.import_module('threadpoolctl').threadpool_limits
  # The trees are small: several threads would wait for each other, and for
  # those of training, with ten times the processor time.
  with limits(1):
    return _fit(data)


def _fit(data: Data) -> tuple[Results, Results, None]:
  # Only words would need a vocabulary.
  words = jax.tree.map(lambda x: 0, views.first(data.train, 1).inputs)
  train, valid, test = (linear.read(s, words) for s in data.splits.values())
  on_valid, on_test = ({task.name: {} for task in data.tasks} for _ in range(2))
  for t, task in enumerate(data.tasks):
    if task.made.trees is not None:
      stages, number = _best(task, train, valid, t)
      for split, results in ((valid, on_valid), (test, on_test)):
        outputs = next(itertools.islice(stages(split.inputs), number, None))
        results[task.name] = linear.measure(task, outputs, split, t)
  return on_valid, on_test, None


def lacking(tasks: Sequence[Task]) -> list[str]:
  """Returns one message for each task whose kind has no trees."""
  return [
    f'no boosted trees of task {task.name!r}: kind {task.kind} has no trees'
    for task in tasks
    if task.made.trees is None
  ]


def _best(task: Task, train: Split, valid: Split, t: int) -> tuple[Stages, int]:
  """The stages and the number of the stage of least validation loss."""
  settings = SETTINGS if train.inputs.size <= LARGE else FOR_LARGE
  rows = linear.labelled(train, t)
  fits = [task.made.trees(setting, *rows) for setting in settings]
  losses = [_losses(task, stages, valid, t) for stages in fits]
  best = min(range(len(fits)), key=lambda i: np.min(losses[i]))
  return fits[best], COUNTS[int(np.argmin(losses[best]))] - 1


def _losses(task: Task, stages: Stages, valid: Split, t: int) -> np.ndarray:
  """Validation losses with each of `COUNTS` trees, as far as there are."""
  chosen = [
    outputs.astype(np.float32)
    for number, outputs in enumerate(stages(valid.inputs), start=1)
    if number in COUNTS
  ]
  known = linear.known(valid, t)
  # One call: as many as there are counts would take a fifth of the time.
  losses = jax.vmap(lambda outputs: task.loss(outputs, *known))
  return np.nan_to_num(losses(jnp.stack(chosen)), nan=np.inf, posinf=np.inf)
