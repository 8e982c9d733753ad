"""The first record of a cell, which describes it to the report."""

import platform
from typing import Any

import jax

from mtl_jax.cells import settings, task_groups
from mtl_jax.cells.cell import Cell
from mtl_jax.data.base import Data
from mtl_jax.data.checking import distinct
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
    'card': _card(cell),
    'encoder': cell.config.encoder,
    'scheme': cell.config.scheme,
    'balancer': cell.config.balancer,
    'tasks': [_described(task) for task in cell.system.tasks],
    **({'groups': names} if names else {}),
    **({'label_scales': scales} if (scales := _label_scales(cell)) else {}),
    'comparable': cell.comparable,
    'select': cell.config.select,
    'checkpoint_per': cell.config.checkpoint_per,
    'primary': list(cell.config.primary),
    'split': split(cell),
    **sizes,
    'units': _units(data),
    'seeds': list(settings.seeds(cell.config)),
    'versions': {'python': platform.python_version(), 'jax': jax.__version__},
  }


def split(cell: Cell) -> str:
  """What seeds change in the data: the data, the splits, or nothing."""
  if not cell.config.resplit:
    return 'fixed'
  # A `load` may ignore its seed: then no test of resplits applies.
  if len(cell.datas) > 1 and distinct.splits(cell.datas) == 1:
    return 'fixed'
  return 'drawn' if cell.datas[0].card.drawn else 'resplit'


def _card(cell: Cell) -> dict:
  """The card, with a note if seeds have fewer splits than one would think."""
  card = cell.datas[0].card
  note = distinct.note(cell.datas) if cell.config.resplit else ''
  notes = ' '.join(filter(None, [card.notes, note]))
  return card._replace(notes=notes)._asdict()


def _label_scales(cell: Cell) -> dict[str, Any]:
  """By task, the unit of labels that were standardised, and the scale by seed.

  Errors are recorded in standard deviations; the report multiplies by them.
  """
  seeds, datas = settings.seeds(cell.config), cell.datas
  scales = {}
  for t, task in enumerate(datas[0].tasks):
    own = [data.scales[t] if data.scales else None for data in datas]
    if None in own:
      continue
    # One data set serves all seeds without resplits.
    own = own if len(own) > 1 else own * len(seeds)
    std = {str(s): float(o.std) for s, o in zip(seeds, own, strict=False)}
    scales[task.name] = {'unit': own[0].unit, 'std': std}
  return scales


def _units(data: Data) -> dict[str, Any]:
  """The independent units of each split, and what they are."""
  rows = {name: len(split.mask) for name, split in data.splits.items()}
  return {'name': data.card.units, **(data.card.unit_counts or rows)}


def _described(task: Task) -> dict[str, Any]:
  metrics = [[k, m.higher_is_better] for k, m in task.metrics.items()]
  chance = {k: m.chance for k, m in task.metrics.items()}
  errors = [k for k, m in task.metrics.items() if m.in_label_unit]
  return {
    'name': task.name,
    'kind': task.kind,
    'fields': dict(task.fields),
    'metrics': metrics,
    'chance': chance,
    **({'in_label_unit': errors} if errors else {}),
  }
