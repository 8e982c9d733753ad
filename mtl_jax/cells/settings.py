"""Seeds, and the settings of hyperparameters that a config wants tried."""

import itertools
from typing import Any

import numpy as np

from mtl_jax import plugins
from mtl_jax.cells.choices import Choice
from mtl_jax.errors import InputError
from mtl_jax.plugins import checks
from mtl_jax.schemes import base as schemes
from mtl_jax.train.optimizers import Hp


def seeds(config: Any) -> range:
  """Of all runs."""
  return range(config.first_seed, config.first_seed + config.seeds)


def settings(
  config: Any, scheme: Choice, num_tasks: int
) -> list[dict[str, Any]]:
  """All combinations of the `hp` values, as plain numbers.

  Where `config.paired`, the first of all make a setting, the second another.

  Args:
    config: a whole one; values of `config.schemes.<scheme>.hp` replace those of
      `config.hp`.
    scheme: the chosen one.
    num_tasks: K.

  Returns:
    One dictionary per setting, from the names of `Hp` to numbers.

  Raises:
    InputError: a hyperparameter that does not exist, or a value that no
      training can have.
  """
  own = scheme.hp
  for given in (config.hp, own):
    plugins.check_fields('hp', dict(given), dict.fromkeys(Hp._fields))
  grid = config.hp.to_dict() | {k: v for k, v in own.items() if v != ()}
  grid['penalty'] = _penalties(config, scheme)
  checks.check_values(grid)
  grid['task_weights'] = [
    _task_weights(weights, num_tasks) for weights in grid['task_weights']
  ]
  grid['balancer'] = [dict(numbers) for numbers in grid['balancer']]
  combined = (
    _paired(grid) if config.paired else itertools.product(*grid.values())
  )
  return [_setting(dict(zip(grid, v, strict=True))) for v in combined]


def _setting(values: dict[str, Any]) -> dict[str, Any]:
  """Without what most do not have: their cells keep their names."""
  return {k: v for k, v in values.items() if k != 'balancer' or v}


def _paired(grid: dict[str, Any]) -> zip:
  """Values side by side; a lone one goes with all of the others."""
  most = max(map(len, grid.values()))
  for name, values in grid.items():
    if len(values) not in (1, most):
      raise InputError(
        f'config.paired: config.hp.{name} has {len(values)} values, and '
        f'another {most}; give 1 or as many'
      )
  full = (v if len(v) == most else list(v) * most for v in grid.values())
  return zip(*full, strict=True)


def _penalties(config: Any, scheme: Choice) -> tuple[float, ...]:
  """None is tried where a scheme has none; `config.hp.penalty` is for all."""
  made, base = scheme.make, schemes.Scheme
  by_params = made.penalty is not base.penalty
  by_step = made.proximal is not base.proximal
  if not (made.penalised or by_params or by_step):
    return (0.0,)
  return config.hp.penalty or scheme.hp.get('penalty', ()) or (0.01,)


def _task_weights(weights: Any, num_tasks: int) -> tuple[float, ...]:
  """Scaled to sum to K, so that they do not change the learning rate."""
  weights = weights or (1.0,) * num_tasks
  if not isinstance(weights, tuple) or len(weights) != num_tasks:
    raise InputError(
      f'config.hp.task_weights holds {weights!r}; each entry must be a tuple '
      f'of {num_tasks} numbers, one per task'
    )
  if min(weights) < 0 or sum(weights) <= 0:
    raise InputError(f'config.hp.task_weights: {weights} is not positive')
  return tuple(w * num_tasks / sum(weights) for w in weights)


def hp(settings: list[dict[str, Any]]) -> Hp:
  """Settings of runs as traced numbers with a leading runs axis."""
  numbers = [s.get('balancer', {}) for s in settings]
  return Hp(
    **{name: _column(settings, name) for name in Hp._fields[:-1]},
    balancer={name: _column(numbers, name) for name in numbers[0]},
  )


def _column(rows: list[dict[str, Any]], name: str) -> np.ndarray:
  return np.array([row[name] for row in rows], np.float32)
