"""Random search: draws the same number of settings for every method.

A setting has a learning rate, a weight decay, task weights and the numeric
fields of a balancer. Fields with categorical values, such as the normalisation
of gradients, change the compiled program: settings that agree in them are one
cell.
"""

import copy
import sys
from typing import Any, NamedTuple

import numpy as np

from mtl_jax import plugins
from mtl_jax.balancers.base import Range
from mtl_jax.errors import InputError
from mtl_jax.plugins import sections

LR = Range(0.1, 10, log=True)  # factors of the learning rate of the config
WEIGHT_DECAY = Range(1e-6, 1e-2, log=True)


class Method(NamedTuple):
  """A method to tune, one row of the table.

  Attributes:
    name: name of the row.
    scheme: its sharing scheme.
    balancer: its loss balancer.
    weighs: whether task weights are drawn.
  """

  name: str
  scheme: str
  balancer: str
  weighs: bool = False


class Draw(NamedTuple):
  """One setting of a method.

  Attributes:
    lr: learning rate.
    weight_decay: weight decay.
    task_weights: weights of the tasks, () for those of the config.
    numbers: numeric fields of the balancer.
    choices: categorical fields of the balancer, which change the program.
  """

  lr: float
  weight_decay: float
  task_weights: tuple[float, ...]
  numbers: dict[str, float]
  choices: dict[str, str]

  @property
  def row(self) -> dict[str, Any]:
    """The setting as one flat row of a table."""
    weights = {f'weight_{t}': w for t, w in enumerate(self.task_weights)}
    own = {'lr': self.lr, 'weight_decay': self.weight_decay}
    return {**own, **weights, **self.numbers, **self.choices}


def methods(scheme: str, balancers: list[str]) -> list[Method]:
  """Returns the baselines and every balancer with a scheme.

  Args:
    scheme: the scheme of all methods but `single`.
    balancers: names of balancers.
  """
  static = Method('static', scheme, 'equal', weighs=True)
  others = [b for b in balancers if b != 'equal']
  return [
    Method('single', 'single', 'equal'),
    Method('equal', scheme, 'equal'),
    static,
    *(Method(name, scheme, name) for name in others),
  ]


def ranges(balancer: str) -> dict[str, Any]:
  """Returns the ranges and choices of a balancer's fields, by name."""
  make = plugins.find('mtl_jax.balancers', balancer, 'make')
  return getattr(sys.modules[make.__module__], 'RANGES', {})


def draw(method: Method, lr: float, tasks: int, count: int) -> list[Draw]:
  """Draws settings of a method.

  Learning rates and weight decays are the same for all methods.

  Args:
    method: the method.
    lr: learning rate of the config, by which factors are multiplied.
    tasks: number of tasks.
    count: number of settings.
  """
  # Two generators, so that fields of a balancer do not shift the rates.
  common = np.random.default_rng(0)
  own = np.random.default_rng([*method.name.encode()])
  rates = lr * _drawn(common, LR, count)
  decays = _drawn(common, WEIGHT_DECAY, count)
  weights = tasks * own.dirichlet(np.ones(tasks), count)
  space = ranges(method.balancer)
  fields = {key: _drawn(own, space[key], count) for key in space}
  return [
    Draw(
      _short(rates[i]),
      _short(decays[i]),
      tuple(map(_short, weights[i])) if method.weighs else (),
      {k: _short(fields[k][i]) for k in space if _is_number(space[k])},
      {k: fields[k][i] for k in space if not _is_number(space[k])},
    )
    for i in range(count)
  ]


def _is_number(space: Any) -> bool:
  return isinstance(space, Range)


def _drawn(random: np.random.Generator, space: Any, count: int) -> Any:
  """Draws from a range; choices take turns, so that each is equally often."""
  if not _is_number(space):
    return [space[i % len(space)] for i in range(count)]
  if space.log:
    return np.exp(random.uniform(*np.log(space[:2]), count))
  return random.uniform(*space[:2], count)


def _short(number: float) -> float:
  """Rounds to three digits, so that a setting is easy to repeat by hand."""
  return float(f'{number:.3g}')


def together(draws: list[Draw]) -> list[list[int]]:
  """Groups the indices of draws that one program can train."""
  groups: dict[tuple, list[int]] = {}
  for i, one in enumerate(draws):
    groups.setdefault(tuple(one.choices.items()), []).append(i)
  return list(groups.values())


def configured(config: Any, method: Method, draws: list[Draw]) -> Any:
  """Copies a config and sets it to draws of a method.

  Args:
    config: the config.
    method: the method.
    draws: settings that agree in their choices.

  Returns:
    The copy; its `hp` has one value per draw, tried in parallel.
  """
  config = copy.deepcopy(config)
  config.scheme, config.balancer = method.scheme, method.balancer
  config.paired = True
  config.hp.lr = tuple(d.lr for d in draws)
  config.hp.weight_decay = tuple(d.weight_decay for d in draws)
  config.hp.task_weights = tuple(d.task_weights for d in draws)
  config.hp.balancer = tuple(tuple(d.numbers.items()) for d in draws)
  sections.put(config, 'balancer', draws[0].choices)
  # The scheme's own hyperparameters would override those drawn.
  own = sections.section(config, 'scheme').get('hp', {})
  for key in ('lr', 'weight_decay', 'task_weights'):
    if key in own:
      own[key] = ()
  return config


def lowest(method: Method, frame: Any) -> int:
  """Returns the index of the draw with the lowest validation loss.

  Args:
    method: the method, for the message.
    frame: one row per draw, with columns `setting` and `score`.

  Raises:
    InputError: if every draw failed.
  """
  if frame.score.isna().all():
    raise InputError(f'{method.name}: every draw failed; lower config.hp.lr')
  return int(frame.setting[frame.score.idxmin()])
