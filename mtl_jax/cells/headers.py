"""The first record of a cell, which describes it to the report."""

import platform
from typing import Any

import jax

from mtl_jax.cells import settings, task_groups
from mtl_jax.cells.cell import Cell
from mtl_jax.tasks import Task


def header(cell: Cell) -> dict:
  """Makes the first record of a cell: what the report needs for the others."""
  data = cell.datas[0]
  sizes = {f'n_{k}': len(split.mask) for k, split in data.splits.items()}
  names = task_groups.names(data, cell.groups)
  return {
    'kind': 'cell',
    'hash': cell.hash,
    'dataset': data.card.name,
    'card': data.card._asdict(),
    'encoder': cell.config.encoder,
    'scheme': cell.config.scheme,
    'balancer': cell.config.balancer,
    'tasks': [_described(task) for task in cell.system.tasks],
    **({'groups': names} if names else {}),
    'comparable': cell.comparable,
    'select': cell.config.select,
    'checkpoint_per': cell.config.checkpoint_per,
    'primary': list(cell.config.primary),
    'split': _split(cell),
    **sizes,
    'seeds': list(settings.seeds(cell.config)),
    'versions': {'python': platform.python_version(), 'jax': jax.__version__},
  }


def _split(cell: Cell) -> str:
  """What seeds change in the data: the data, the splits, or nothing."""
  if not cell.config.resplit:
    return 'fixed'
  return 'drawn' if cell.datas[0].card.drawn else 'resplit'


def _described(task: Task) -> dict[str, Any]:
  metrics = [[k, m.higher_is_better] for k, m in task.metrics.items()]
  chance = {k: m.chance for k, m in task.metrics.items()}
  return {
    'name': task.name,
    'kind': task.kind,
    'fields': dict(task.fields),
    'metrics': metrics,
    'chance': chance,
  }
