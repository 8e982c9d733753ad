"""The network of a stored model, applied to batches of rows."""

import functools
from typing import Any

import jax
import numpy as np
from ml_collections import ConfigDict

from mtl_jax.cells import choices, parts
from mtl_jax.errors import InputError
from mtl_jax.schemes.base import heads
from mtl_jax.tasks import Task
from mtl_jax.train import precision


class Network:
  """A scheme with its encoder, compiled once for batches of one size.

  Args:
    config: the one that the model was trained with.
    tasks: of the model.
    described: content of `model.json`: the steps of a whole run, and whether
      each task has a copy of all parameters, on axis 0.
  """

  def __init__(
    self,
    config: ConfigDict,
    tasks: tuple[Task, ...],
    described: dict[str, Any],
  ):
    self._count, self._per_task = len(tasks), described['per_task']
    self._compute, self._batch = config.compute, config.eval_batch_size
    self._steps = described['steps']
    self._scheme = _scheme(config, tasks)

  def outputs(
    self, variables: dict, steps: int, inputs: Any
  ) -> list[np.ndarray]:
    """Predicts rows.

    Args:
      variables: `params`, and further collections by name.
      steps: that training took; some schemes depend on it.
      inputs: a pytree of arrays `[N, ...]`.

    Returns:
      Outputs of the heads `[N, outputs]` of each task.
    """
    return self._batches(self._predict, variables, steps, inputs)

  def features(
    self, variables: dict, steps: int, inputs: Any
  ) -> list[np.ndarray]:
    """Returns what each task's head reads, `[N, features]`; as `outputs`."""
    return self._batches(self._read, variables, steps, inputs)

  def _batches(self, function, variables, steps, inputs) -> list[np.ndarray]:
    size, total = self._batch, len(jax.tree.leaves(inputs)[0])
    # One size of batches: the last one is padded with zeros.
    parts = []
    for start in range(0, max(total, 1), size):
      rows = _batch(inputs, start, size)
      found = function(variables, steps, rows)
      parts.append([np.asarray(x)[: total - start] for x in found])
    return [np.concatenate(own) for own in zip(*parts, strict=True)]

  @functools.cached_property
  def _predict(self) -> Any:
    return jax.jit(lambda *given: self._each(*given, mutable=False))

  @functools.cached_property
  def _read(self) -> Any:
    return jax.jit(lambda *given: self._each(*given, mutable=True))

  def _each(self, variables, steps, rows, mutable) -> list:
    if not self._per_task:
      return list(self._apply(variables, steps, rows, mutable))
    return [
      self._apply(_copy(variables, t), steps, rows, mutable)[t]
      for t in range(self._count)
    ]

  def _apply(self, variables, steps, rows, mutable) -> Any:
    others = {k: v for k, v in variables.items() if k != 'params'}
    others['now'] = {'step': steps, 'steps': self._steps}
    # Heads of one shape are one product, as in training.
    params = heads.gathered(variables['params'])
    given = self._scheme, self._compute, params, others, rows, False
    if not mutable:
      return precision.apply(*given)
    _, collections = precision.apply(*given, mutable=['features'])
    if 'features' not in collections:
      raise InputError(
        'this scheme does not show the inputs of its heads: it calls neither '
        '`predict` nor `predict_stacked` of its base class'
      )
    return collections['features']['read']


def config_of(described: dict[str, Any]) -> ConfigDict:
  """The config of a `model.json`, with tuples where JSON has lists."""
  return ConfigDict(_tuples(described['config']))


def _tuples(tree: Any) -> Any:
  if isinstance(tree, dict):
    return {name: _tuples(x) for name, x in tree.items()}
  return tuple(map(_tuples, tree)) if isinstance(tree, list) else tree


def _scheme(config: ConfigDict, tasks: tuple[Task, ...]) -> Any:
  encoder, scheme = (choices.choice(config, w) for w in ('encoder', 'scheme'))
  # The parts of training are not made: only the network is applied.
  chosen = choices.Choices(None, encoder, scheme, None, None, None)
  return parts.scheme(chosen, encoder.made(), tasks)


def _copy(variables: dict, t: int) -> dict:
  """The copy of all parameters that is best for task `t`."""
  return jax.tree.map(lambda x: x[t], variables)


def _batch(inputs: Any, start: int, size: int) -> Any:
  """Rows from `start` on, padded with zeros to `size`."""

  def of(x):
    rows = np.asarray(x)[start : start + size]
    short = [(0, size - len(rows))] + [(0, 0)] * (rows.ndim - 1)
    return np.pad(rows, short)

  return jax.tree.map(of, inputs)
