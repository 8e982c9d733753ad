"""One of several classes in an order: a cumulative link model.

The chance of class c or less is the sigmoid of the c-th cumulative logit
(McCullagh 1980). The first logit is the first output; each later one is that
before plus the softplus of its own output, so that they are in order whatever
the head puts out. Gaps may depend on the row; where they are the head's bias
alone, odds are proportional.
"""

import jax
import jax.numpy as jnp
import numpy as np

from mtl_jax.tasks import classes, labels, multiclass, numbers
from mtl_jax.tasks.base import Kind, Metric


def make(num_classes: int | None = None) -> Kind:
  """Labels `[N]` are whole numbers from 0, the lowest, to `num_classes - 1`.

  Where `num_classes` is not given it is found from the labels of all splits.
  """
  if num_classes is not None and num_classes < 2:
    raise ValueError(f'num_classes is {num_classes}; two at least')

  def check(values, known):
    count = num_classes or labels.num_classes(values, known)['num_classes']
    return labels.check_classes(
      values, known, count, 'raise num_classes or leave it out'
    )

  return Kind(
    loss,
    num_classes - 1 if num_classes else 0,
    check,
    METRICS | _balanced(num_classes or 2),
    summary=summary,
    found=labels.num_classes,
  )


def loss(predictions, labels):
  """Negative log-likelihood, in nats."""
  own = jnp.maximum(labels, 0).astype(jnp.int32)[:, None]
  return -jnp.take_along_axis(log_chances(predictions), own, axis=1)[:, 0]


def log_chances(outputs):
  """Log-probabilities `[N, C]` of outputs `[N, C - 1]`, numpy or JAX.

  Between a and b = a + softplus(z) the sigmoid grows by
  sigmoid(b) sigmoid(-a) sigmoid(z), in which nothing cancels.
  """
  xp = np if isinstance(outputs, np.ndarray) else jnp
  gaps = xp.logaddexp(outputs[:, 1:], xp.zeros_like(outputs[:, 1:]))
  logits = xp.cumsum(xp.concatenate([outputs[:, :1], gaps], axis=1), axis=1)
  none = xp.zeros_like(outputs[:, :1])
  below = xp.concatenate([_log_sigmoid(logits, xp), none], axis=1)
  above = xp.concatenate([none, _log_sigmoid(-logits, xp)], axis=1)
  between = _log_sigmoid(outputs[:, 1:], xp)
  return below + above + xp.concatenate([none, between, none], axis=1)


def _log_sigmoid(x, xp):
  return jax.nn.log_sigmoid(x) if xp is jnp else -np.logaddexp(0, -x)


def summary(predictions, labels, weights) -> classes.Rows:
  """Three numbers of a row, however many classes there are."""
  del weights
  return classes.rows(log_chances(predictions), labels)


def mae(rows, values, weights) -> float:
  """Mean distance of the likeliest class to the label, in classes."""
  return numbers.mae(rows.predicted, values, weights)


def _balanced(num_classes: int) -> dict[str, Metric]:
  metric = multiclass.of_classes(classes.balanced_accuracy)
  return {'balanced_accuracy': Metric(metric, True, 1 / num_classes)}


METRICS = {
  'quadratic_kappa': Metric(
    multiclass.of_classes(classes.quadratic_kappa), True, 0.0
  ),
  'accuracy': Metric(multiclass.of_classes(classes.accuracy), True),
  'mae': Metric(mae, False),
  'log_loss': Metric(multiclass.log_loss, False),
  'brier': Metric(multiclass.brier, False),
}
