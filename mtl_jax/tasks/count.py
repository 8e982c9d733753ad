"""Count regression: the prediction is the logarithm of a Poisson rate."""

import jax.numpy as jnp
import numpy as np

from mtl_jax.tasks import boosting, labels, numbers
from mtl_jax.tasks.base import Kind, Linear, Metric
from mtl_jax.tasks.classes import mean


def make() -> Kind:
  """Returns the kind; labels `[N]` are 0 or more, not necessarily integers."""
  return Kind(
    loss,
    1,
    check,
    METRICS,
    reference=reference,
    trees=trees,
    constant=constant,
    predicted=np.exp,
  )


def loss(predictions, labels):
  """Returns half the Poisson deviance of each row, `[B]`.

  It is the negative log-likelihood up to a constant that depends on the label
  alone, and 0 if the rate is the label (McCullagh and Nelder 1989, section
  2.3).

  Args:
    predictions: logarithms of rates, `[B, 1]`.
    labels: counts, `[B]`.
  """
  return _half_deviance(predictions[:, 0], labels, jnp)


def check(values, known):
  """Returns the labels if every known one is finite and at least 0.

  Args:
    values: labels, `[N]`.
    known: bool `[N]`, True where the label is known.

  Raises:
    InputError: if a known label is not; it names the row and the remedy.
  """
  labels.check_shape(values, (), 'give one count per row')
  bad = known & ~((values >= 0) & np.isfinite(values))
  labels.refuse(
    bad, values, 'a count is 0 or more; mask the row, or use kind regression'
  )
  return values


def reference(strength, rows, values, weights=None) -> Linear:
  """Fits Poisson regression by scikit-learn.

  Args:
    strength: inverse regularisation strength; `alpha` is 0.01 / strength.
    rows: inputs, `[N, F]`.
    values: counts, `[N]`.
    weights: of mean 1, `[N]`, or None.

  Returns:
    The model; it predicts logarithms of rates `[N, 1]`.
  """
  from sklearn.linear_model import PoissonRegressor

  model = PoissonRegressor(alpha=0.01 / strength, max_iter=1000)
  model.fit(rows, values, weights)
  return Linear(
    lambda rows: np.log(model.predict(rows))[:, None], model.coef_.size + 1
  )


def trees(setting, rows, values, weights=None):
  """Fits boosted trees; see `base.Kind.trees`. They predict log rates."""
  if not values.any():
    # The logarithm of rate 0 is not finite; with no event in N rows the rate
    # may well be 1 / (N + 1).
    rate = -np.log(len(values) + 1)
    return lambda x: iter([np.full((len(x), 1), rate)])
  stages = boosting.means(setting, rows, values, 'poisson', weights)
  return lambda x: (np.log(rate)[:, None] for rate in stages(x))


def constant(values, weights) -> float:
  """Returns half the mean deviance of the best constant rate, the mean count.

  Args:
    values: counts, `[N]`.
    weights: weights of the rows, `[N]`.
  """
  rate = mean(values, weights)
  if not rate > 0:
    return 0.0
  logs = np.full((len(values), 1), np.log(rate))
  return poisson_deviance(logs, values, weights) / 2


def poisson_deviance(predictions, values, weights) -> float:
  """Returns the weighted mean Poisson deviance; 0 is perfect.

  Args:
    predictions: logarithms of rates, `[N, 1]`.
    values: labels, `[N]`.
    weights: weights of the rows, `[N]`.
  """
  return mean(2 * _half_deviance(predictions[:, 0], values, np), weights)


def _half_deviance(log_rate, y, xp):
  """Returns `y log(y / rate) - y + rate`, without cancellation."""
  positive = y > 0
  # The inner `where` avoids log(0), whose gradient would be NaN under the outer
  # one as well.
  ratio = xp.where(positive, log_rate - xp.log(xp.where(positive, y, 1)), 0)
  value = xp.where(positive, y * (xp.expm1(ratio) - ratio), _rate(log_rate, xp))
  return xp.maximum(value, 0)


def _rate(log_rate, xp):
  """Returns the exponential, with derivative 0 where it overflows.

  The derivative of `exp` would be infinite there. In a row without a label it
  is multiplied by 0, and the gradient of all rows would be NaN.
  """
  over = log_rate > np.log(np.finfo(log_rate.dtype).max)
  return xp.where(over, xp.inf, xp.exp(xp.where(over, 0, log_rate)))


METRICS = {
  'poisson_deviance': Metric(
    poisson_deviance, False, constant=lambda y, w: 2 * constant(y, w)
  ),
  'rmse': Metric(lambda p, y, w: numbers.rmse(np.exp(p[:, 0]), y, w), False),
  'mae': Metric(lambda p, y, w: numbers.mae(np.exp(p[:, 0]), y, w), False),
}
