"""What was trained for the claims: data and budget, from the records."""

from __future__ import annotations

import pathlib
from typing import Any

from mtl_jax import records
from mtl_jax.report.compare import counts
from mtl_jax.report.results import REPEATS, Cell


def lines(folder: pathlib.Path, config: Any) -> list[str]:
  """Returns lines on the data set, the seeds and the budget.

  Args:
    folder: the workdir.
    config: of the data set.
  """
  head = _header(folder)
  if not head:
    return []
  first, steps = config.first_seed, head['comparable']['steps']
  return [
    f'Data: {config.dataset}, {counts.of_splits(_cell(head))}; encoder '
    f'{config.encoder}.',
    f'{config.seeds} {REPEATS[head["split"]]}, seeds {first} to '
    f'{first + config.seeds - 1}; {steps} steps of {config.batch_size} rows, '
    f'optimizer {config.optimizer}, {config.evals} evaluations on validation. '
    'Every row has this budget.',
    'Baseline: `single`, a network per task, trained likewise on the same '
    'splits.',
  ]


def split(folder: pathlib.Path) -> str:
  """Returns what differs from seed to seed: fixed, resplit or drawn.

  Args:
    folder: the workdir.

  Returns:
    '' if nothing was trained in it.
  """
  return _header(folder).get('split', '')


def _header(folder: pathlib.Path) -> dict[str, Any]:
  """The header of a cell with all labels, or of another if there is none."""
  found = sorted(pathlib.Path(folder).glob('**/cells/*/records.jsonl'))
  found.sort(key=lambda path: 'whole' not in path.parts)
  for path in found:
    for line in records.read(path.parent):
      if line['kind'] == 'cell':
        return line
  return {}


def _cell(head: dict[str, Any]) -> Cell:
  return Cell(head, (), (), (), {}, ())
