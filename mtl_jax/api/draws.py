"""Random search: draws the same number of settings for every method.

A setting has a learning rate, a weight decay, a penalty, task weights and the
numeric fields of a balancer. The first draw of a method is the config's own
setting, and the others are made around it: rates, decays and penalties by
factors, which are the same for all methods. Fields with categorical values,
such as the normalisation of gradients, change the compiled program: settings
that agree in them are one cell.

What is fixed in the program is not drawn: dropout, widths, steps, and `mix_lr`
of the schemes.
"""

import sys
from typing import Any, NamedTuple

import numpy as np

from mtl_jax import plugins
from mtl_jax.api import methods
from mtl_jax.balancers.base import Range
from mtl_jax.cells import choices, settings
from mtl_jax.errors import InputError
from mtl_jax.plugins import sections

FACTORS = Range(0.1, 10, log=True)  # of the config's own values
NO_DECAY = 0.25  # share of the draws that have no weight decay
# Around 0 there are no factors: the range of a weight decay that the config
# sets to 0.
SMALL_DECAY = Range(1e-6, 1e-2, log=True)
SCALED = ('lr', 'weight_decay', 'penalty')


class Draw(NamedTuple):
  """One setting of a method.

  Attributes:
    lr: learning rate.
    weight_decay: weight decay.
    penalty: factor of the scheme's penalty; 0 for a scheme without one.
    task_weights: weights of the tasks, K in sum.
    numbers: numeric fields of the balancer.
    choices: categorical fields of the balancer, which change the program.
  """

  lr: float
  weight_decay: float
  penalty: float
  task_weights: tuple[float, ...]
  numbers: dict[str, float]
  choices: dict[str, str]


def ranges(balancer: str) -> dict[str, Any]:
  """Returns the ranges and choices of a balancer's fields, by name."""
  return getattr(sys.modules[_make(balancer).__module__], 'RANGES', {})


def own(config: Any, method: methods.Method, tasks: int) -> Draw:
  """Returns the setting that a config has for a method.

  Args:
    config: the config.
    method: the method.
    tasks: number of tasks.

  Raises:
    InputError: if the config has several settings to try.
  """
  config = methods.configured(config, method)
  scheme = choices.choice(config, 'scheme')
  first, *others = settings.settings(config, scheme, tasks)
  if others:
    keys = [key for key in first if any(o[key] != first[key] for o in others)]
    raise InputError(
      f'{_where(config, keys[0])} has several values; give one, around which '
      'the draws are made'
    )
  fields = plugins.fields(_make(method.balancer))
  fields |= dict(sections.section(config, 'balancer'))
  numbers, words = first.get('balancer', {}), {}
  for key, space in ranges(method.balancer).items():
    if not _is_number(space):
      words[key] = fields[key]
    elif isinstance(fields[key], int | float):
      numbers = {key: float(fields[key])} | numbers
  rates = (float(first[name]) for name in SCALED)
  return Draw(*rates, first['task_weights'], numbers, words)


def draw(method: methods.Method, first: Draw, count: int) -> list[Draw]:
  """Draws settings of a method.

  Args:
    method: the method.
    first: the config's own setting, see `own`; it is the first of the draws.
    count: number of settings.
  """
  # Two generators, so that fields of a balancer do not shift the rates.
  common = np.random.default_rng(0)
  of_method = np.random.default_rng([*method.name.encode()])
  scaled = _scaled(common, first, count)
  tasks, space = len(first.task_weights), ranges(method.balancer)
  weights = tasks * of_method.dirichlet(np.ones(tasks), count)
  fields = {
    key: _drawn(of_method, space[key], first.numbers.get(key), count)
    for key in space
  }
  others = [
    Draw(
      *(_short(scaled[name][i]) for name in SCALED),
      tuple(map(_short, weights[i])) if method.weighs else first.task_weights,
      first.numbers
      | {k: _short(fields[k][i]) for k in space if _is_number(space[k])},
      {k: fields[k][i] for k in space if not _is_number(space[k])},
    )
    for i in range(1, count)
  ]
  return [first, *others]


def _scaled(random, first: Draw, count: int) -> dict[str, np.ndarray]:
  """Values of `SCALED`; the random numbers are the same for all methods."""
  factors = {name: _drawn(random, FACTORS, None, count) for name in SCALED}
  small = _drawn(random, SMALL_DECAY, None, count)
  none = random.uniform(size=count) < NO_DECAY
  made = {name: getattr(first, name) * factors[name] for name in SCALED}
  decays = made['weight_decay'] if first.weight_decay else small
  return made | {'weight_decay': np.where(none, 0, decays)}


def _drawn(
  random: np.random.Generator, space: Any, centre: float | None, count: int
) -> Any:
  """Draws from a range; choices take turns, so that each is equally often.

  Half of the draws are below the centre and half above it, where it is inside
  the range.
  """
  if not _is_number(space):
    return [space[i % len(space)] for i in range(count)]
  change, back = (np.log, np.exp) if space.log else (np.array, np.array)
  low, high = change(space.low), change(space.high)
  inside = centre is not None and space.low < centre < space.high
  middle = change(centre) if inside else (low + high) / 2
  at = random.uniform(-1, 1, count)
  return back(middle + at * np.where(at < 0, middle - low, high - middle))


def _is_number(space: Any) -> bool:
  return isinstance(space, Range)


def _short(number: float) -> float:
  """Rounds to three digits, so that a setting is easy to repeat by hand."""
  return float(f'{number:.3g}')


def _make(balancer: str) -> Any:
  return plugins.find('mtl_jax.balancers', balancer, 'make')


def _where(config: Any, key: str) -> str:
  of_scheme = sections.section(config, 'scheme').get('hp', {}).get(key, ())
  named = f'{sections.where(config, "scheme")}.' if of_scheme else 'config.'
  return f'{named}hp.{key}'


def together(draws: list[Draw]) -> list[list[int]]:
  """Groups the indices of draws that one program can train."""
  groups: dict[tuple, list[int]] = {}
  for i, one in enumerate(draws):
    # A field that the config leaves to the method is no traced number.
    key = (*one.choices.items(), *sorted(one.numbers))
    groups.setdefault(key, []).append(i)
  return list(groups.values())


def configured(config: Any, method: methods.Method, draws: list[Draw]) -> Any:
  """Copies a config and sets it to draws of a method.

  Args:
    config: the config.
    method: the method.
    draws: settings that one program can train, see `together`.

  Returns:
    The copy; its `hp` has one value per draw, tried in parallel.
  """
  config = methods.configured(config, method)
  config.paired = True
  for name in (*SCALED, 'task_weights'):
    config.hp[name] = tuple(getattr(d, name) for d in draws)
  config.hp.balancer = tuple(tuple(d.numbers.items()) for d in draws)
  sections.put(config, 'balancer', draws[0].choices)
  # The scheme's own hyperparameters would override those drawn.
  of_scheme = sections.section(config, 'scheme').get('hp', {})
  for key in (*SCALED, 'task_weights'):
    if key in of_scheme:
      of_scheme[key] = ()
  return config
