"""Gradient-boosted trees by scikit-learn, for the kinds that define `trees`.

Histogram boosting as in LightGBM (Ke et al. 2017). A kind fits one model per
setting, and its stages are the predictions after each tree, so that one fit
offers every number of trees to the validation split.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from mtl_jax.tasks.classes import log_softmax

Stages = Callable[[np.ndarray], Iterator[np.ndarray]]


class Setting(NamedTuple):
  """Hyperparameters of a fit; `leaves` is the most that a tree may have."""

  learning_rate: float
  leaves: int
  iterations: int


def means(
  setting: Setting,
  rows: np.ndarray,
  values: np.ndarray,
  loss: str,
  weights: np.ndarray | None = None,
) -> Stages:
  """Fits the mean of one number.

  Args:
    setting: of the fit.
    rows: inputs, `[N, F]`.
    values: labels, `[N]`.
    loss: `squared_error` or `poisson`, scikit-learn's name.
    weights: of mean 1, `[N]`, or None.

  Returns:
    A function of inputs `[M, F]` that yields means `[M]` after each tree.
  """
  from sklearn.ensemble import HistGradientBoostingRegressor

  model = HistGradientBoostingRegressor(loss=loss, **_arguments(setting, rows))
  return model.fit(rows, values, weights).staged_predict


def log_probabilities(
  setting: Setting,
  rows: np.ndarray,
  values: np.ndarray,
  num_classes: int,
  weights: np.ndarray | None = None,
) -> Stages:
  """Fits the probabilities of classes.

  Args:
    setting: of the fit.
    rows: inputs, `[N, F]`.
    values: class numbers, `[N]`.
    num_classes: number of classes, C. One without a label has probability
      1 / (N + 1) relative to the others, as it may be rare and not impossible.
    weights: of mean 1, `[N]`, or None.

  Returns:
    A function of inputs `[M, F]` that yields `[M, C]` after each tree, up to a
    constant of each row.
  """
  seen = np.unique(values).astype(int)
  rare = -np.log(len(values) + 1)
  scores = _scores(setting, rows, values, len(seen), weights)

  def stages(x):
    for score in scores(x):
      logs = np.full((len(x), num_classes), rare)
      logs[:, seen] = log_softmax(score)
      yield logs

  return stages


def _scores(setting: Setting, rows, values, count: int, weights) -> Stages:
  """Stages of a logit `[M, count]` for each class that has labels."""
  from sklearn.ensemble import HistGradientBoostingClassifier

  if count == 1:
    return lambda x: iter([np.zeros((len(x), 1))])
  model = HistGradientBoostingClassifier(**_arguments(setting, rows))
  staged = model.fit(rows, values, weights).staged_decision_function
  if count > 2:
    return staged
  return lambda x: (np.stack([0 * z, z], axis=1) for z in staged(x))


def _arguments(setting: Setting, rows: np.ndarray) -> dict[str, Any]:
  return {
    'learning_rate': setting.learning_rate,
    'max_leaf_nodes': setting.leaves,
    'max_iter': setting.iterations,
    # The default of 20 leaves three leaves at most where 60 rows have labels.
    'min_samples_leaf': min(20, max(1, len(rows) // 10)),
    # The validation split chooses the number of trees.
    'early_stopping': False,
    'random_state': 0,
  }
