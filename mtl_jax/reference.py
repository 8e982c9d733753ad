"""Linear models on the same splits: what any network has to be level with."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import scipy.sparse
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge

from mtl_jax.data.base import Data, Split
from mtl_jax.tasks import Task

Results = dict[str, dict[str, float]]

STRENGTHS = (0.01, 0.1, 1.0, 10.0)  # inverse regularisation, as in C


def fit(data: Data) -> tuple[Results, Results, int]:
  """One linear model per task, its strength chosen on validation.

  Ridge for regression, logistic for binary and multiclass, Poisson for counts;
  bag of words for tokens. Returns results on validation, on test, and how many
  coefficients there are.
  """
  rows = {name: features(split.inputs) for name, split in data.splits.items()}
  on_valid, on_test, size = {}, {}, 0
  for t, task in enumerate(data.tasks):
    fits = [_fit(task, c, rows['train'], data.train, t) for c in STRENGTHS]
    scores = [_measure(task, m, rows['valid'], data.valid, t) for m in fits]
    best = int(np.argmin([score['loss'] for score in scores]))
    on_valid[task.name] = scores[best]
    on_test[task.name] = _measure(task, fits[best], rows['test'], data.test, t)
    size += np.size(fits[best].coef_) + np.size(fits[best].intercept_)
  return on_valid, on_test, size


def features(inputs: Any):
  """A matrix `[N, F]`: vectors as they are, images flat, words counted."""
  if not isinstance(inputs, np.ndarray):
    return np.concatenate([features(x) for x in inputs.values()], axis=1)
  if inputs.dtype == np.uint8:
    inputs = inputs.astype(np.float32) / 255
  if inputs.ndim == 2 and inputs.dtype.kind in 'iu':
    return _bag_of_words(inputs)
  return inputs.reshape(len(inputs), -1)


def _bag_of_words(tokens: np.ndarray) -> scipy.sparse.csr_matrix:
  """Whether each word occurs; padding (0) and unknown (1) are left out."""
  row, place = np.nonzero(tokens > 1)
  word = tokens[row, place]
  shape = (len(tokens), int(tokens.max()) + 1)
  bag = scipy.sparse.csr_matrix((np.ones(len(row)), (row, word)), shape=shape)
  bag.data[:] = 1.0
  return bag


def _fit(task: Task, strength: float, rows: Any, split: Split, t: int) -> Any:
  known = split.mask[:, t]
  if task.kind == 'regression':
    model = Ridge(alpha=known.sum() / 1000 / strength)
  elif task.kind == 'count':
    model = PoissonRegressor(alpha=0.01 / strength, max_iter=1000)
  else:
    model = LogisticRegression(C=strength, max_iter=300, tol=1e-3)
  return model.fit(rows[known], split.labels[t][known])


def _measure(
  task: Task, model: Any, rows: Any, split: Split, t: int
) -> dict[str, float]:
  """Every metric of the task, by the same code that measures networks."""
  outputs = jnp.asarray(_outputs(task, model, rows), jnp.float32)
  labelled = (
    outputs,
    jnp.asarray(split.labels[t]),
    jnp.asarray(split.mask[:, t]),
  )
  values = {name: m.compute(*labelled) for name, m in task.metrics.items()}
  values['loss'] = task.loss(*labelled)
  return {name: float(value) for name, value in values.items()}


def _outputs(task: Task, model: Any, rows: Any) -> np.ndarray:
  """What a head would put out, `[N, num_outputs]`."""
  if task.kind == 'regression':
    return model.predict(rows)[:, None]
  if task.kind == 'count':
    return np.log(model.predict(rows))[:, None]
  if task.kind == 'binary':
    return model.decision_function(rows)[:, None]
  outputs = np.full((rows.shape[0], task.num_outputs), -np.inf)
  outputs[:, model.classes_.astype(int)] = model.predict_log_proba(rows)
  return outputs
