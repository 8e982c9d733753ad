"""Which cells belong in one table, and in which order."""

from collections.abc import Sequence
from typing import Any

from mtl_jax.errors import InputError
from mtl_jax.records import flat
from mtl_jax.report import units
from mtl_jax.report.results import REFERENCES, Cell


class Ordered(tuple[Cell, ...]):
  """The cells of a table, checked and in order, as `ordered` returns them."""


def agree(cells: Sequence[Cell]) -> None:
  """Checks that cells were trained on the same data, tasks and budget.

  Args:
    cells: of one table.

  Raises:
    InputError: two cells do not belong in one table.
  """
  first = cells[0]
  for other in cells[1:]:
    a, b = _fingerprint(first), _fingerprint(other)
    # The keys of both: a field that only one cell has is a difference too.
    for key in dict.fromkeys([*a, *b]):
      here, there = a.get(key, 'nothing'), b.get(key, 'nothing')
      if here != there:
        raise InputError(
          f'cells differ in {key}: {here!r} in {_name(first)}, '
          f'{there!r} in {_name(other)}; compare only cells that agree in it'
        )


def ordered(cells: Sequence[Cell]) -> Ordered:
  """Checks that cells belong in one table, and puts them in its order.

  Args:
    cells: in any order. Those that are `Ordered` already are returned at once,
      so that a page that orders its cells first checks them once.

  Returns:
    The references first, the baseline next, then the others as given; scales
    of labels that some of them lack are left out of all, see `units`.

  Raises:
    InputError: cells answer different questions, two have the same name, or
      the baseline, `single` with `equal`, is missing or failed.
  """
  if isinstance(cells, Ordered):
    return cells
  # The sort is stable: cells of equal rank stay in the order given.
  cells = sorted(cells, key=_place)
  for i, cell in enumerate(cells):
    for twin in cells[:i]:
      if (twin.scheme, twin.balancer) == (cell.scheme, cell.balancer):
        raise InputError(
          f'two cells have the same name: {_name(twin)}, {_name(cell)}; '
          'remove one of them'
        )
  if not any(cell.is_baseline and cell.completed for cell in cells):
    raise InputError(
      "the baseline, scheme 'single' with balancer 'equal', is missing or all "
      'its runs failed: add it, or lower config.hp.lr'
    )
  agree(cells)
  return Ordered(units.unified(cells))


def baseline(cells: Sequence[Cell]) -> Cell:
  """Returns the cell that all others are compared with."""
  return next(cell for cell in cells if cell.is_baseline)


def _fingerprint(cell: Cell) -> dict[str, Any]:
  names = ('dataset', 'split', 'n_train', 'n_test')
  tasks = [task.name for task in cell.tasks]
  own = {name: cell.header[name] for name in names} | {'tasks': tasks}
  return flat(cell.header['comparable']) | own


def _place(cell: Cell) -> int:
  if cell.is_reference:
    return REFERENCES.index(cell.scheme) - len(REFERENCES)
  return 0 if cell.is_baseline else 1


def _name(cell: Cell) -> str:
  return f"'{cell.label}' ({cell.header['hash']})"
