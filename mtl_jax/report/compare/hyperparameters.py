"""Which hyperparameters a table has to name, and their text."""

from collections.abc import Sequence
from typing import Any

from mtl_jax.report.results import Cell, Run, settings


def common(cells: Sequence[Cell]) -> dict[str, Any]:
  """Returns the hyperparameters that all trained cells have in common."""
  # A reference has no hyperparameters.
  first, *others = (c.setting[0].hp for c in cells if not c.is_reference)
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
      for key, value in cell.setting[0].hp.items()
      if key not in shared and not idle(key, value)
    }
    for cell in cells
  ]


def differing(cells: Sequence[Cell]) -> list[str]:
  """Returns a note for each cell with hyperparameters of its own."""
  return [
    f'{cell.label}: {named(hp)}'
    for cell, hp in zip(cells, own_hp(cells), strict=True)
    if hp and not selected(cell)  # whose note names all of them
  ]


def selected(cell: Cell) -> bool:
  """Returns whether the cell's setting was selected among several."""
  return len(settings(cell.runs)) > 1 and bool(cell.completed)


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
  if not isinstance(value, list):
    return f'{value:g}' if isinstance(value, float) else str(value)
  inner = [short(v) for v in value]
  return inner[0] if len(set(inner)) == 1 else f'({", ".join(inner)})'
