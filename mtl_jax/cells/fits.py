"""Too little memory is found before training, with what would fit."""

from collections.abc import Iterator
from typing import Any

from mtl_jax.cells import cell as cells
from mtl_jax.cells.cell import Cell
from mtl_jax.errors import InputError
from mtl_jax.plugins import parallel
from mtl_jax.resources import plans
from mtl_jax.resources.plans import amount


def check(cell: Cell) -> None:
  """Raises `InputError` where a cell's runs are predicted not to fit."""
  plan, place = cell.plan, cell.place
  if plan.fits:
    return
  need, runs = cell.need, -(-plan.runs // place.rows)
  one = f'{runs} runs' if runs > 1 else 'one run'
  raise InputError(
    f'{cell.name}: {one} on each device would take {amount(plan.needed)} '
    f'(data that all share {amount(need.shared)}, state and data of a run '
    f'{amount(need.data + need.state)}, its steps {amount(need.step)}), '
    f'and of {amount(place.free)} that are free {plans.HEADROOM:.0%} are '
    f'planned with; {_remedy(cell)}'
  )


def _remedy(cell: Cell) -> str:
  for changes in _milder(cell):
    if _changed(cell, changes).plan.fits:
      flags = ' '.join(f'--config.{k}={v}' for k, v in changes.items())
      return f'this would fit: {flags}'
  return 'no smaller batch would fit; take a smaller network'


def _milder(cell: Cell) -> Iterator[dict[str, Any]]:
  """Changes to try: first those that leave every result as it is."""
  config, place = cell.config, cell.place
  runs = parallel.parse(config.parallel).runs // 2
  while runs >= place.rows:
    yield {'parallel': str(runs)}
    runs //= 2
  # Drops a number of runs that was asked for, and side by side.
  least = {} if config.parallel == 'auto' else {'parallel': 'map'}
  evaluated = {'eval_batch_size': min(config.eval_batch_size, 32)}
  fewer = {'mesh': '"(1, 1)"'}
  alone = place.platform != 'cpu' or place.rows * place.batch == 1
  for mesh in ({}, *([] if alone else [fewer])):
    yield least | mesh
    yield least | mesh | evaluated
  batch = config.batch_size
  while (batch := batch // 2) >= place.batch:
    if batch % place.batch == 0:
      yield least | evaluated | {'batch_size': batch}


def _changed(cell: Cell, changes: dict[str, Any]) -> Cell:
  config = cell.config.copy_and_resolve_references()
  for key, value in changes.items():
    config[key] = (1, 1) if key == 'mesh' else value
  return cells.make(config, cell.datas, cell.groups)
