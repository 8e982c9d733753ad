"""Linear models on the same splits: what any network has to be level with."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import scipy.sparse

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
  rows = features({name: s.inputs for name, s in data.splits.items()})
  on_valid, on_test, size = {}, {}, 0
  for t, task in enumerate(data.tasks):
    fits = [_fit(task, c, rows['train'], data.train, t) for c in STRENGTHS]
    scores = [_measure(task, m, rows['valid'], data.valid, t) for m in fits]
    best = int(np.argmin([score['loss'] for score in scores]))
    on_valid[task.name] = scores[best]
    on_test[task.name] = _measure(task, fits[best], rows['test'], data.test, t)
    size += np.size(fits[best].coef_) + np.size(fits[best].intercept_)
  return on_valid, on_test, size


def features(inputs: dict[str, Any]) -> dict[str, Any]:
  """A matrix `[N, F]` per split: vectors as they are, images flat, words as
  whether each occurs."""
  one = next(iter(inputs.values()))
  if isinstance(one, dict):
    parts = [
      features({name: x[key] for name, x in inputs.items()}) for key in one
    ]
    return {n: np.concatenate([p[n] for p in parts], axis=1) for n in inputs}
  if one.ndim == 2 and one.dtype.kind in 'iu':
    size = max(int(tokens.max()) for tokens in inputs.values()) + 1
    return {name: bag_of_words(x, size) for name, x in inputs.items()}
  return {name: _flat(x) for name, x in inputs.items()}


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


def _fit(task: Task, strength: float, rows: Any, split: Split, t: int) -> Any:
  # Where it is used: it takes longer to import than all else.
  from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge

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
