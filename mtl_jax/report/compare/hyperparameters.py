"""Which hyperparameters a table has to name, and their text."""

import collections
from collections.abc import Sequence
from typing import Any

from mtl_jax.report.results import Cell, Run


def settled(cell: Cell) -> dict[str, Any]:
  """Returns the hyperparameters that all seeds and tasks of a cell chose."""
  chosen = _chosen(cell) or [{}]
  return {
    key: value
    for key, value in chosen[0].items()
    if all(key in hp and hp[key] == value for hp in chosen)
  }


def common(cells: Sequence[Cell]) -> dict[str, Any]:
  """Returns the hyperparameters that all trained cells have in common."""
  # A reference has no hyperparameters.
  first, *others = (settled(c) for c in cells if not c.is_reference)
  return {
    key: value
    for key, value in first.items()
    if all(key in hp and hp[key] == value for hp in others)
  }


def own_hp(cells: Sequence[Cell]) -> list[dict[str, Any]]:
  """Returns the hyperparameters of each cell that the budget does not name."""
  shared = common(cells)
  return [
    {
      key: value
      for key, value in settled(cell).items()
      if key not in shared and not idle(key, value)
    }
    for cell in cells
  ]


def differing(cells: Sequence[Cell]) -> list[str]:
  """Returns a note for each cell with hyperparameters of its own.

  What it chose among several settings stands in its `choice`.
  """
  lines = []
  for cell, hp in zip(cells, own_hp(cells), strict=True):
    tried = set(_varied(cell))
    if own := {key: hp[key] for key in hp if key not in tried}:
      lines.append(f'{cell.label}: {named(own)}')
  return lines


def selected(cell: Cell) -> bool:
  """Returns whether the cell's setting was selected among several."""
  return cell.tried > 1 and bool(cell.completed)


def choice(cell: Cell) -> str:
  """Says how the settings of a cell were chosen, and which.

  Args:
    cell: with several settings, see `selected`.

  Returns:
    `chosen in each resplit among 32 settings; most often lr 0.003 (4 of 10)`.
    Only what differs between the settings is named.
  """
  counts = collections.Counter(_varying(cell))
  (most, often), total = counts.most_common(1)[0], counts.total()
  who = 'by each task' if _by_task(cell) else ''
  where = 'in each resplit' if cell.header['split'] == 'resplit' else ''
  how = ' '.join(filter(None, ('chosen', who, where)))
  text = f'{how} among {cell.tried} settings'
  if len(counts) == 1:
    return f'{text}: {most}'
  return f'{text}; {len(counts)} differ, most often {most} ({often} of {total})'


def rule(cells: Sequence[Cell]) -> str:
  """Says by what settings are chosen, for the line above a table."""
  if not any(map(selected, cells)):
    return ''
  towers = ', for each task where towers are separate'
  how = (
    'in each resplit by its own validation rows alone'
    if cells[0].header['split'] == 'resplit'
    else 'by the lowest mean over the seeds'
  )
  return f'settings are chosen {how}{towers * any(map(_by_task, cells))}'


def tuning(cells: Sequence[Cell]) -> str:
  """Says which rows were tuned, and on what budget.

  Args:
    cells: of a table. The header of cells that were tuned by random draws
      holds the budget in words, `tuning`.
  """
  budgets = dict.fromkeys(c.header.get('tuning') for c in cells)
  if text := next(filter(None, budgets), ''):
    return text
  tried = [cell.tried for cell in cells if not cell.is_reference]
  if max(tried) == 1:
    return (
      "Tuning: none. All rows run at the configuration's settings; a row may "
      'do better at its own (compare --tune=N).'
    )
  least, most = min(tried), max(tried)
  each = f'{most}' if least == most else f'{least} to {most}'
  return f'Tuning: every row chose among {each} settings of config.hp.'


def idle(key: str, value: Any) -> bool:
  """Returns whether a hyperparameter has no effect.

  Args:
    key: its name.
    value: its value.

  Returns:
    True for no clipping, no penalty, and task weights of one.
  """
  if key == 'task_weights':
    return all(weight == 1 for weight in value)
  return key in ('clip', 'penalty') and value == 0


def setting(run: Run) -> str:
  """Formats the hyperparameters of a run."""
  return named(run.hp) or 'no hp'


def named(values: dict[str, Any]) -> str:
  """Formats hyperparameters: `lr 0.001, batch_size 8`."""
  return ', '.join(f'{key} {short(value)}' for key, value in values.items())


def short(value) -> str:
  """Formats a value; a list of equal values is written as one of them."""
  if isinstance(value, dict):
    return named(value)
  if not isinstance(value, list):
    return f'{value:g}' if isinstance(value, float) else str(value)
  inner = [short(v) for v in value]
  return inner[0] if len(set(inner)) == 1 else f'({", ".join(inner)})'


def _chosen(cell: Cell) -> list[dict[str, Any]]:
  """The hyperparameters of each run, or of each run and task."""
  return [hp for run in cell.completed or cell.setting for hp in run.chosen]


def _by_task(cell: Cell) -> bool:
  return any(run.hp_of for run in cell.completed)


def _varied(cell: Cell) -> list[str]:
  """The hyperparameters in which the settings of a cell differ."""
  first, *others = (run.hp for run in cell.runs)
  keys = dict.fromkeys(key for hp in (first, *others) for key in hp)
  return [
    key for key in keys if any(hp.get(key) != first.get(key) for hp in others)
  ]


def _varying(cell: Cell) -> list[str]:
  """The chosen settings in words, without what all settings have in common."""
  keys = _varied(cell)
  return [
    named({key: hp[key] for key in keys if key in hp}) for hp in _chosen(cell)
  ]
