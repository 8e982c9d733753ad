"""A kind and a data set as a user has them, in one file."""

import jax.numpy as jnp
import numpy as np

from mtl_jax.data import base
from mtl_jax.tasks import Kind, Metric, Task, labels
from tests import toy

TASKS = (
  Task('price', 'tests.tasks.own', scale=2.0),
  Task('first', 'binary'),
  Task('pair', 'regression'),
  Task('visits', 'count'),
  Task('grade', 'ordinal'),
  Task('class', 'multiclass'),
  Task('end', 'survival', edges=(0.5, 2.0)),
)


def make(scale: float = 1.0) -> Kind:
  """A number above 0: the prediction is its logarithm."""

  def loss(predictions, y):
    return scale * jnp.square(predictions[:, 0] - jnp.log(jnp.maximum(y, 1e-6)))

  def check(y, known):
    labels.refuse(known & (y <= 0), y, 'a price is above 0; mask the row')
    return y

  def ratio(predictions, y, weights):
    off = np.abs(predictions[:, 0] - np.log(y))
    return np.exp(np.average(off, weights=weights))

  def raising(predictions, y, weights):
    raise RuntimeError('out of order')

  return Kind(
    loss,
    1,
    check,
    {'ratio': Metric(ratio, False, 1.0), 'broken': Metric(raising, True)},
  )


def load(
  split_seed: int | None = None, data_dir: str = '', files: str = ''
) -> base.Data:
  """The toy's rows with a label of every kind."""
  data = toy.load(split_seed)
  splits = {k: _labelled(s) for k, s in data.splits.items()}
  data = data._replace(**splits, tasks=TASKS)
  return base.check(base.counted(data))


def _labelled(split):
  total, first = split.labels
  price = np.exp(total)
  grade = np.digitize(total, (-1, 0, 1)).astype(np.int32)
  grade[:4] = range(4)  # every class is in every split
  end = np.stack([price.round(3), first], axis=1).astype(np.float32)
  mask = np.ones((len(total), len(TASKS)), bool)
  mask[5:7] = False
  labels = (
    *(price, first, np.stack([total, -total], axis=1), price.round()),
    *(grade, grade, end),
  )
  return split._replace(labels=labels, mask=mask)
