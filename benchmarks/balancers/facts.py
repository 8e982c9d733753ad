"""What a balancer is, read off its file and off what it makes."""

import importlib
import inspect
import re
from types import ModuleType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from configs import default
from mtl_jax import plugins, train
from mtl_jax.balancers import base
from mtl_jax.cells import build, settings
from mtl_jax.tasks import Task

NAMES = plugins.names('mtl_jax.balancers')
ARXIV = re.compile(r'arXiv:\d{4}\.\d{5}')
YEAR = re.compile(r'\b(19|20)\d\d\b')


class Found(NamedTuple):
  """A balancer as its file has it, with its defaults."""

  name: str
  module: ModuleType
  balancer: base.Balancer


def find(name: str) -> Found:
  """The balancer of this file."""
  module = importlib.import_module(f'mtl_jax.balancers.{name}')
  return Found(name, module, module.make())


def headline(found: Found) -> str:
  """The first line of its file."""
  return found.module.__doc__.split('\n')[0]


def source(found: Found) -> str:
  """Authors, where and when; a dash where nobody is named."""
  for text in (found.module.make.__doc__, found.module.__doc__):
    for paragraph in inspect.cleandoc(text).split('\n\n'):
      plain = ' '.join(paragraph.split())
      dated = [*ARXIV.finditer(plain)] or [*YEAR.finditer(plain)]
      if dated:
        return plain[: dated[-1].end()]
  return '–'


def looks(balancer: base.Balancer) -> str:
  """What `update` is shown."""
  if balancer.needs_grads:
    return 'gradients'
  if balancer.n_batches > 1:
    return f'Gram, {balancer.n_batches} batches'
  if balancer.needs_gram:
    return 'Gram'
  return 'losses, twice' if balancer.after else 'losses'


def numbers(found: Found) -> str:
  """The fields that a user sets: defaults, and where they are tuned."""
  ranges = getattr(found.module, 'RANGES', {})
  defaults = default.balancers()[found.name]
  told = [
    f'`{name}` {defaults[name]} {_tuned(ranges.get(name))}'.strip()
    for name in sorted(defaults)
  ]
  return '; '.join(told) or '–'


def _tuned(space: Any) -> str:
  if space is None:
    return ''
  if isinstance(space, base.Range):
    return f'({space.low:g} to {space.high:g}{", log" * space.log})'
  return f'({", ".join(space)})'


def state(balancer: base.Balancer) -> str:
  """How many numbers it keeps, of K tasks and P shared parameters."""
  at = {(k, p): _size(balancer, k, p) for k in (2, 3, 4) for p in (0, 7)}
  square = (at[4, 0] - 2 * at[3, 0] + at[2, 0]) // 2
  linear = at[3, 0] - at[2, 0] - 5 * square
  constant = at[2, 0] - 2 * linear - 4 * square
  each = (at[2, 7] - at[2, 0]) // 14
  terms = {'KP': each, 'K²': square, 'K': linear, '': constant}
  told = [_term(count, unit) for unit, count in terms.items() if count]
  return ' + '.join(told) or '–'


def _term(count: int, unit: str) -> str:
  return unit if count == 1 and unit else f'{count}{unit}'


def _size(balancer: base.Balancer, tasks: int, params: int) -> int:
  shared = {'shared': jnp.zeros(params)}
  given = (tasks, shared) if balancer.needs_grads else (tasks,)
  kept = jax.eval_shape(lambda: balancer.init(*given))
  return sum(leaf.size for leaf in jax.tree.leaves(kept))


def marking(names: list[str]) -> list[str]:
  """The schemes that mark features for `config.gram_over='features'`."""
  return [name for name in names if _marks(name)]


def _marks(name: str) -> bool:
  config = default.get_config()
  config.scheme = name
  tasks = Task('a', 'regression'), Task('b', 'binary')
  resolved = build.resolve(config, tasks)
  system = resolved.system
  hp, x = settings.hp(resolved.settings[:1]), jnp.zeros((2, 19))
  hp = jax.tree.map(lambda leaf: leaf[0], hp)

  def spots():
    start = train.init(system, hp, jnp.int32(0), x)
    keys = {key: jax.random.key(0) for key in ('dropout', 'gates')}
    mutable = ['spots', *start.extra]
    variables = {'params': start.params.tree, **start.extra}
    return system.scheme.apply(variables, x, True, rngs=keys, mutable=mutable)[
      1
    ].get('spots', {})

  return bool(jax.tree.leaves(jax.eval_shape(spots)))
