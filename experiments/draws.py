"""Random settings: for every method as many, from the same ranges.

A setting is a learning rate, a weight decay, task weights and the numbers of a
balancer. Choices that are no numbers, such as how gradients are normalised,
need a program of their own: draws with the same choices are one cell.
"""

import copy
import sys
from typing import Any, NamedTuple

import numpy as np

from mtl_jax import plugins
from mtl_jax.balancers.base import Range
from mtl_jax.errors import InputError
from mtl_jax.plugins import sections

LR = Range(0.1, 10, log=True)  # times the configuration's own
WEIGHT_DECAY = Range(1e-6, 1e-2, log=True)


class Method(NamedTuple):
  """A row of the table: `weighs` is whether its draws are task weights."""

  name: str
  scheme: str
  balancer: str
  weighs: bool = False


class Draw(NamedTuple):
  """A setting; `choices` are fields that shape the program."""

  lr: float
  weight_decay: float
  task_weights: tuple[float, ...]
  numbers: dict[str, float]
  choices: dict[str, str]

  @property
  def told(self) -> dict[str, Any]:
    """One flat row, for tables."""
    weights = {f'weight_{t}': w for t, w in enumerate(self.task_weights)}
    own = {'lr': self.lr, 'weight_decay': self.weight_decay}
    return {**own, **weights, **self.numbers, **self.choices}


def methods(scheme: str, balancers: list[str]) -> list[Method]:
  """The baselines and, with this scheme, every balancer."""
  static = Method('static', scheme, 'equal', weighs=True)
  others = [b for b in balancers if b != 'equal']
  return [
    Method('single', 'single', 'equal'),
    Method('equal', scheme, 'equal'),
    static,
    *(Method(name, scheme, name) for name in others),
  ]


def ranges(balancer: str) -> dict[str, Any]:
  """What a balancer's file says its fields are drawn from."""
  make = plugins.find('mtl_jax.balancers', balancer, 'make')
  return getattr(sys.modules[make.__module__], 'RANGES', {})


def draw(method: Method, lr: float, tasks: int, count: int) -> list[Draw]:
  """Settings of a method; learning rates and decays are those of all."""
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
  """From a range; choices are dealt out in turn, to each its share."""
  if not _is_number(space):
    return [space[i % len(space)] for i in range(count)]
  if space.log:
    return np.exp(random.uniform(*np.log(space[:2]), count))
  return random.uniform(*space[:2], count)


def _short(number: float) -> float:
  """Three digits are enough, and can be typed."""
  return float(f'{number:.3g}')


def together(draws: list[Draw]) -> list[list[int]]:
  """Numbers of the draws that one program can train."""
  found: dict[tuple, list[int]] = {}
  for i, one in enumerate(draws):
    found.setdefault(tuple(one.choices.items()), []).append(i)
  return list(found.values())


def configured(config: Any, method: Method, draws: list[Draw]) -> Any:
  """A copy of the config with these draws of a method, all of one program."""
  config = copy.deepcopy(config)
  config.scheme, config.balancer = method.scheme, method.balancer
  config.paired = True
  config.hp.lr = tuple(d.lr for d in draws)
  config.hp.weight_decay = tuple(d.weight_decay for d in draws)
  config.hp.task_weights = tuple(d.task_weights for d in draws)
  config.hp.balancer = tuple(tuple(d.numbers.items()) for d in draws)
  sections.put(config, 'balancer', draws[0].choices)
  # What is drawn stands in for the scheme's own.
  own = sections.section(config, 'scheme').get('hp', {})
  for key in ('lr', 'weight_decay', 'task_weights'):
    if key in own:
      own[key] = ()
  return config


def lowest(method: Method, frame: Any) -> int:
  """The number of the draw with the lowest validation loss."""
  if frame.score.isna().all():
    raise InputError(f'{method.name}: every draw failed; lower config.hp.lr')
  return int(frame.setting[frame.score.idxmin()])
