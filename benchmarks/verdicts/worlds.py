"""Simulated comparisons: units, splits of them, and linear models.

A world is a finite sample of independent units. Each model sees features of its
own of every unit, a common part and noise, and fits a least-squares line on the
units of training; its metric is the RMSE on the units of test. Models of one
world are exchangeable, so that no two differ in expectation, and yet each has
units that it predicts well in every split, as a network has. Resplits deal the
units of one world again; a fixed split deals them once, and then only a noise
of training differs from seed to seed, and all models see the same features.
"""

from typing import NamedTuple

import numpy as np

TASKS = 4


class Learner(NamedTuple):
  """How much a model depends on its units of training.

  Attributes:
    units: of training, validation and test. Those of validation are left out:
      nothing is selected.
    features: number of them; each is one more coefficient to be fitted.
    own: variance of the noise of a model's features.
    training: standard deviation of the noise of training, in standard errors of
      a coefficient.
  """

  units: tuple[int, int, int]
  features: int
  own: float
  training: float


LEARNERS = {
  'stable': Learner((60, 20, 20), 2, 0.2, 0.5),
  # A tenth of the units per coefficient: training decides as much as test.
  'unstable': Learner((60, 20, 20), 6, 0.2, 0.5),
  'no validation': Learner((80, 0, 20), 2, 0.2, 0.5),
}


def draw(
  rng: np.random.Generator,
  split: str,
  learner: Learner,
  seeds: int,
  models: int,
) -> np.ndarray:
  """Draws a world and returns its test metrics.

  Args:
    rng: random numbers of this world.
    split: 'resplit' or 'fixed'.
    learner: what all models are.
    seeds: number of splits, or of trainings on one.
    models: number of models, the baseline first.

  Returns:
    RMSE, `[seeds, models, TASKS]`.
  """
  n, p = sum(learner.units), learner.features
  common = rng.normal(size=(n, 1, TASKS, p))
  labels = common[:, 0].sum(-1) / p**0.5 + rng.normal(size=(n, TASKS))
  # On a fixed split all models are one, but for the noise of training.
  dealt, own = (seeds, models) if split == 'resplit' else (1, 1)
  noise = rng.normal(size=(n, own, TASKS, p)) * learner.own**0.5
  features = common + noise
  train, test = _masks(rng, learner, dealt)
  cross = features * labels[:, None, :, None]
  squares = features[..., None] * features[..., None, :]
  fitted = _solve(_sums(train, squares), _sums(train, cross))
  noise = rng.normal(size=(seeds, models, TASKS, p))
  fitted = fitted + learner.training * noise / learner.units[0] ** 0.5
  # The sum of squared errors from the moments of each split.
  linear = 2 * _sums(test, cross) - _product(_sums(test, squares), fitted)
  error = _sums(test, labels**2)[:, None] - (fitted * linear).sum(-1)
  return np.sqrt(error / learner.units[2])


def _product(squares: np.ndarray, fitted: np.ndarray) -> np.ndarray:
  return (squares @ fitted[..., None])[..., 0]


def _masks(rng, learner: Learner, dealt: int) -> tuple[np.ndarray, np.ndarray]:
  """Units of training and of test, `[splits, units]` of 0 and 1."""
  n, (train, _, test) = sum(learner.units), learner.units
  order = np.argsort(rng.random((dealt, n)), axis=1)
  return (order < train).astype(float), (order >= n - test).astype(float)


def _sums(mask: np.ndarray, values: np.ndarray) -> np.ndarray:
  """Sums over the units of each split: `[units, ...]` -> `[seeds, ...]`."""
  flat = values.reshape(len(values), -1)
  return (mask @ flat).reshape(len(mask), *values.shape[1:])


def _solve(squares: np.ndarray, cross: np.ndarray) -> np.ndarray:
  return np.linalg.solve(squares, cross[..., None])[..., 0]
