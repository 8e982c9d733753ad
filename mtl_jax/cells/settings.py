"""The seeds and the settings of hyperparameters of a cell."""

import itertools
from typing import Any

import numpy as np

from mtl_jax import plugins
from mtl_jax.cells.choices import Choice
from mtl_jax.errors import InputError
from mtl_jax.plugins import checks
from mtl_jax.schemes import base as schemes
from mtl_jax.train.optimizers import Hp

# More than any number of seeds, so that no run has the noise of another seed.
NOISE_STEP = 1_000_000


def seeds(config: Any) -> range:
  """The seeds of all runs."""
  return range(config.first_seed, config.first_seed + config.seeds)


def noise_seeds(config: Any, numbers: np.ndarray) -> np.ndarray:
  """The seeds from which initial weights, batches and dropout are drawn.

  Args:
    config: its `noise_seed` is added in steps of `NOISE_STEP`.
    numbers: seeds of the runs, which also number their splits, `[R]`.

  Returns:
    `[R]`; the seeds themselves where `noise_seed` is 0.
  """
  return numbers + np.int32(NOISE_STEP * config.noise_seed)


def settings(
  config: Any, scheme: Choice, num_tasks: int
) -> list[dict[str, Any]]:
  """Combines the `hp` values to settings.

  These are all combinations or, with `config.paired`, the first values of all
  hyperparameters, then the second values, and so on.

  Args:
    config: a whole one; values of `config.schemes.<scheme>.hp` replace those of
      `config.hp`.
    scheme: the file that the config chooses.
    num_tasks: number of tasks, K.

  Returns:
    One dictionary per setting, from the names of `Hp` to numbers.

  Raises:
    InputError: a hyperparameter does not exist, or a value is out of range.
  """
  of_scheme = scheme.hp
  for given in (config.hp, of_scheme):
    plugins.check_fields('hp', dict(given), dict.fromkeys(Hp._fields))
  # An empty tuple of the scheme stands for no values of its own.
  grid = config.hp.to_dict() | {k: v for k, v in of_scheme.items() if v != ()}
  grid['penalty'] = _penalties(config, scheme)
  checks.check_values(grid)
  grid['task_weights'] = [
    _task_weights(weights, num_tasks) for weights in grid['task_weights']
  ]
  grid['balancer'] = _balancer_numbers(grid['balancer'])
  combined = (
    _paired(grid) if config.paired else itertools.product(*grid.values())
  )
  return [_setting(dict(zip(grid, v, strict=True))) for v in combined]


def _balancer_numbers(given: Any) -> list[dict[str, float]]:
  """Numbers for the balancer, the same ones in every setting."""
  numbers = [dict(entry) for entry in given]
  for entry in numbers[1:]:
    if entry.keys() != numbers[0].keys():
      raise InputError(
        f'config.hp.balancer sets {sorted(numbers[0])} and then '
        f'{sorted(entry)}; set the same numbers in each entry'
      )
  return numbers


def _setting(values: dict[str, Any]) -> dict[str, Any]:
  """Leaves out an empty `balancer`, so that digests of cells stay valid."""
  return {k: v for k, v in values.items() if k != 'balancer' or v}


def _paired(grid: dict[str, Any]) -> zip:
  """Pairs the values of hyperparameters; a single value is repeated."""
  longest = max(map(len, grid.values()))
  for name, values in grid.items():
    if len(values) not in (1, longest):
      raise InputError(
        f'config.paired: config.hp.{name} has {len(values)} values, and '
        f'another has {longest}; give 1 or {longest} values'
      )
  full = (v if len(v) == longest else list(v) * longest for v in grid.values())
  return zip(*full, strict=True)


def _penalties(config: Any, scheme: Choice) -> tuple[float, ...]:
  """The penalties to try; 0 alone where nothing is added to the losses."""
  # A scheme has a penalty if it overrides one of these methods.
  made, base = scheme.make, schemes.Scheme
  by_params = made.penalty is not base.penalty
  by_step = made.proximal is not base.proximal
  if not (made.penalised or by_params or by_step):
    return (0.0,)
  # A scheme whose penalty has weight 0 has none either: its table must not name
  # one, nor a search draw one.
  fields = plugins.fields(made) | scheme.fields
  if made.penalised_by and not any(fields[n] for n in made.penalised_by):
    return (0.0,)
  return config.hp.penalty or scheme.hp.get('penalty', ()) or (0.01,)


def _task_weights(weights: Any, num_tasks: int) -> tuple[float, ...]:
  """Scales weights to sum to K, so that the learning rate keeps its meaning."""
  weights = weights or (1.0,) * num_tasks
  if not isinstance(weights, tuple) or len(weights) != num_tasks:
    raise InputError(
      f'config.hp.task_weights holds {weights!r}; each entry must be a tuple '
      f'of {num_tasks} numbers, one per task'
    )
  if min(weights) < 0 or sum(weights) <= 0:
    raise InputError(
      f'config.hp.task_weights: {weights} must have no negative number and a '
      'positive sum'
    )
  return tuple(w * num_tasks / sum(weights) for w in weights)


def hp(settings: list[dict[str, Any]]) -> Hp:
  """Stacks the settings of runs: an array `[R]` or `[R, K]` per hyperparameter.

  Args:
    settings: one per run.
  """
  numbers = [s.get('balancer', {}) for s in settings]
  return Hp(
    **{name: _column(settings, name) for name in Hp._fields[:-1]},
    balancer={name: _column(numbers, name) for name in numbers[0]},
  )


def _column(rows: list[dict[str, Any]], name: str) -> np.ndarray:
  return np.array([row[name] for row in rows], np.float32)
