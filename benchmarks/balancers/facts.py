"""What docs/balancers.md says of a balancer, derived from its code."""

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
from mtl_jax.train import balancing

NAMES = plugins.names('mtl_jax.balancers')
ARXIV = re.compile(r'arXiv:\d{4}\.\d{5}')
YEAR = re.compile(r'\b(19|20)\d\d\b')
STORED = balancing.KEPT  # bytes of gradients of a run


class Described(NamedTuple):
  """A balancer with its default fields.

  Attributes:
    name: that of its file.
    module: where its `make` and `RANGES` are.
    balancer: what `make` returns without arguments.
  """

  name: str
  module: ModuleType
  balancer: base.Balancer


def find(name: str) -> Described:
  """Imports `mtl_jax/balancers/<name>.py` and makes its balancer."""
  module = importlib.import_module(f'mtl_jax.balancers.{name}')
  return Described(name, module, module.make())


def headline(described: Described) -> str:
  """Returns the first line of the module's docstring."""
  return described.module.__doc__.split('\n')[0]


def source(described: Described) -> str:
  """Returns authors, venue and year; a dash if the docstrings name none."""
  for text in (described.module.make.__doc__, described.module.__doc__):
    for paragraph in inspect.cleandoc(text).split('\n\n'):
      plain = ' '.join(paragraph.split())
      # The pattern of years also matches the first digits of arXiv numbers.
      dated = [*ARXIV.finditer(plain)] or [*YEAR.finditer(plain)]
      if dated:
        return plain[: dated[-1].end()]
  return '–'


def update_input(balancer: base.Balancer) -> str:
  """Returns a word for the input of the balancer's `update`."""
  if balancer.needs_grads:
    return 'gradients'
  if balancer.n_batches > 1:
    return f'Gram, {balancer.n_batches} batches'
  if balancer.needs_gram:
    return 'Gram'
  return 'losses, twice' if balancer.after else 'losses'


def fields(described: Described) -> str:
  """Returns the fields, their defaults and the ranges they are tuned in."""
  ranges = getattr(described.module, 'RANGES', {})
  defaults = default.balancers()[described.name]
  listed = [
    f'`{name}` {defaults[name]} {_tuned(ranges.get(name))}'.strip()
    for name in sorted(defaults)
  ]
  return '; '.join(listed) or '–'


def _tuned(space: Any) -> str:
  if space is None:
    return ''
  if isinstance(space, base.Range):
    return f'({space.low:g} to {space.high:g}{", log" * space.log})'
  return f'({", ".join(space)})'


def state(balancer: base.Balancer) -> str:
  """Returns the size of the state for K tasks and P shared parameters.

  The size is a K**2 + b K + c + d K P. Its coefficients follow from the sizes
  for a few K and P, so that a new balancer needs no entry here.
  """
  at = {(k, p): _size(balancer, k, p) for k in (2, 3, 4) for p in (0, 7)}
  # The second difference in K is 2 a, the first one b + 5 a.
  square = (at[4, 0] - 2 * at[3, 0] + at[2, 0]) // 2
  linear = at[3, 0] - at[2, 0] - 5 * square
  constant = at[2, 0] - 2 * linear - 4 * square
  each = (at[2, 7] - at[2, 0]) // 14  # 2 tasks times 7 parameters
  terms = {'KP': each, 'K²': square, 'K': linear, '': constant}
  summands = [_term(count, unit) for unit, count in terms.items() if count]
  return ' + '.join(summands) or '–'


def _term(count: int, unit: str) -> str:
  return unit if count == 1 and unit else f'{count}{unit}'


def _size(balancer: base.Balancer, tasks: int, params: int) -> int:
  shared = {'shared': jnp.zeros(params)}
  given = (tasks, shared) if balancer.needs_grads else (tasks,)
  shapes = jax.eval_shape(lambda: balancer.init(*given))
  return sum(leaf.size for leaf in jax.tree.leaves(shapes))


def marking(names: list[str]) -> list[str]:
  """Returns the schemes that work with `config.gram_over='features'`."""
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
    # A scheme marks features by writing them into the collection `spots`.
    mutable = ['spots', *start.extra]
    variables = {'params': start.params.tree, **start.extra}
    return system.scheme.apply(variables, x, True, rngs=keys, mutable=mutable)[
      1
    ].get('spots', {})

  return bool(jax.tree.leaves(jax.eval_shape(spots)))
