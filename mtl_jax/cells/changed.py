"""Cells that start from trained parameters or freeze some."""

from typing import Any

from mtl_jax.cells import identity
from mtl_jax.cells.initial import Initial, fit
from mtl_jax.errors import InputError
from mtl_jax.records import model_files

# What decides the values that such a cell starts from.
CODE = ('cells/initial.py', 'run/starting.py')


def named(config: Any, initial: Initial | None) -> dict[str, Any]:
  """What the identity of such a cell has besides that of others.

  Args:
    config: a whole one.
    initial: what its runs start from; its content counts, not its path.
  """
  known: dict[str, Any] = {}
  if config.freeze:
    known['freeze'] = list(config.freeze)
  if initial:
    prefixes = [list(pair) for pair in config.init_prefix]
    code = identity.digest_of_named(CODE)
    known['init'] = {
      'digest': initial.digest,
      'prefix': prefixes,
      'code': code,
    }
  return known


def check(cell: Any) -> None:
  """Checks that names fit the parameters of a cell.

  Args:
    cell: a `Cell`.

  Raises:
    InputError: no array starts a parameter, or nothing is left to train.
  """
  config = cell.config
  if not (config.freeze or cell.initial):
    return
  state = cell.traced.state
  params = model_files.named(state.params.shapes)
  if config.freeze:
    _check_frozen(cell, params)
  if not cell.initial:
    return
  for seed in {seed for seed, _ in cell.runs}:
    theirs = cell.initial.of(seed)
    ours = params | model_files.named(state.extra)
    if not fit(theirs, ours, config.init_prefix).values:
      raise InputError(
        f'config.init_from={cell.initial.path} has nothing that fits scheme '
        f'{config.scheme!r}: its arrays are {_tops(theirs)}, and those of the '
        f'scheme {_tops(params)}; give pairs of prefixes, (theirs, ours), in '
        'config.init_prefix, or take an encoder of the same sizes'
      )


def _check_frozen(cell: Any, params: dict[str, Any]) -> None:
  frozen = {n for n in params if n.startswith(tuple(cell.config.freeze))}
  where = f'config.freeze={cell.config.freeze}'
  if not frozen:
    raise InputError(
      f'{where} is no prefix of a parameter of scheme '
      f'{cell.config.scheme!r}; it has {_tops(params)}'
    )
  if len(frozen) == len(params):
    raise InputError(f'{where} leaves nothing to train')
  shared = {name for name in params if name.startswith('shared')}
  if cell.system.balancer.per_task and shared <= frozen:
    raise InputError(
      f'{where} freezes all shared parameters, whose gradients balancer '
      f'{cell.config.balancer!r} compares; use balancer equal'
    )


def _tops(names: Any) -> str:
  return ', '.join(sorted({name.partition('/')[0] for name in names}))
