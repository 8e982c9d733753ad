"""How many: the prediction is the logarithm of a Poisson rate."""

import jax.numpy as jnp
import numpy as np

from mtl_jax.tasks import labels, numbers
from mtl_jax.tasks.base import Kind, Linear, Metric
from mtl_jax.tasks.classes import mean


def make() -> Kind:
  """Labels `[N]` are 0 or more; they need not be whole (rates, weights)."""
  return Kind(loss, 1, check, METRICS, reference=reference)


def loss(predictions, labels):
  """Half the Poisson deviance of a log-rate: 0 where the rate is the label.

  The negative log-likelihood but for a constant of the label, and never
  negative (McCullagh and Nelder 1989, section 2.3).
  """
  return _half_deviance(predictions[:, 0], labels, jnp)


def check(values, known):
  """Refuses what is below 0 or infinite."""
  labels.check_shape(values, (), 'give one count per row')
  bad = known & ~((values >= 0) & np.isfinite(values))
  labels.refuse(
    bad, values, 'a count is 0 or more; mask the row, or take kind regression'
  )
  return values


def reference(strength, rows, values) -> Linear:
  """Poisson regression, its inverse regularisation 100 times `strength`."""
  from sklearn.linear_model import PoissonRegressor

  model = PoissonRegressor(alpha=0.01 / strength, max_iter=1000)
  model.fit(rows, values)
  return Linear(
    lambda rows: np.log(model.predict(rows))[:, None], model.coef_.size + 1
  )


def poisson_deviance(predictions, values, weights) -> float:
  """Mean Poisson deviance of a log-rate; 0 is perfect."""
  return mean(2 * _half_deviance(predictions[:, 0], values, np), weights)


def _half_deviance(log_rate, y, xp):
  """`y log(y / rate) - y + rate`, written so that nothing cancels."""
  some = y > 0
  apart = xp.where(some, log_rate - xp.log(xp.where(some, y, 1)), 0)
  value = xp.where(some, y * (xp.expm1(apart) - apart), xp.exp(log_rate))
  return xp.maximum(value, 0)


METRICS = {
  'poisson_deviance': Metric(poisson_deviance, False),
  'rmse': Metric(lambda p, y, w: numbers.rmse(np.exp(p[:, 0]), y, w), False),
  'mae': Metric(lambda p, y, w: numbers.mae(np.exp(p[:, 0]), y, w), False),
}
