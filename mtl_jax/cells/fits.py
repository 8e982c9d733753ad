"""Checks before training that a cell fits into memory."""

from collections.abc import Iterator
from typing import Any

from mtl_jax.cells import cell as cells
from mtl_jax.cells.cell import Cell
from mtl_jax.errors import InputError
from mtl_jax.plugins import parallel
from mtl_jax.resources import plans
from mtl_jax.resources.plans import amount


def check(cell: Cell) -> None:
  """Checks that a cell's runs fit into memory.

  Raises:
    InputError: they are predicted not to; the message names flags that would
      make them fit.
  """
  plan, place = cell.plan, cell.place
  if plan.fits:
    return
  need, runs = cell.need, -(-plan.runs // place.rows)
  one = f'{runs} runs' if runs > 1 else 'one run'
  raise InputError(
    f'{cell.name}: {one} on each device would take {amount(plan.needed)} '
    f'(data that all runs share {amount(need.shared)}, state and data of a run '
    f'{amount(need.data + need.state)}, its steps {amount(need.step)}), '
    f'but {plans.HEADROOM:.0%} of the {amount(place.free)} of free memory may '
    f'be used; {_remedy(cell)}'
  )


def _remedy(cell: Cell) -> str:
  for changes in _smaller(cell):
    if _changed(cell, changes).plan.fits:
      flags = ' '.join(f'--config.{k}={v}' for k, v in changes.items())
      return f'this would fit: {flags}'
  return 'no smaller batch would fit; take a smaller network'


def _smaller(cell: Cell) -> Iterator[dict[str, Any]]:
  """Changes of the config to try, first those that change no result."""
  config, place = cell.config, cell.place
  runs = parallel.parse(config.parallel).runs // 2
  while runs >= place.rows:
    yield {'parallel': str(runs)}
    runs //= 2
  # One run after the other, whatever number of runs the config asks for.
  one_by_one = {} if config.parallel == 'auto' else {'parallel': 'map'}
  evaluation = {'eval_batch_size': min(config.eval_batch_size, 32)}
  one_device = {'mesh': '"(1, 1)"'}
  # Devices of a CPU share its memory, so that fewer of them need less.
  alone = place.platform != 'cpu' or place.rows * place.batch == 1
  meshes = [{}] if alone else [{}, one_device]
  for mesh in meshes:
    yield one_by_one | mesh
    yield one_by_one | mesh | evaluation
  batch = config.batch_size
  while (batch := batch // 2) >= place.batch:
    if batch % place.batch == 0:
      for mesh in meshes:
        yield one_by_one | mesh | evaluation | {'batch_size': batch}


def _changed(cell: Cell, changes: dict[str, Any]) -> Cell:
  config = cell.config.copy_and_resolve_references()
  for key, value in changes.items():
    config[key] = (1, 1) if key == 'mesh' else value
  return cells.make(config, cell.datas, cell.groups)
