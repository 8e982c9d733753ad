"""Notes on a balancer's weights: at the start, in the middle, at the end."""

from collections.abc import Sequence

import numpy as np

from mtl_jax.report.results import Cell

# Weights this near to each other's mean are equal.
NEAR = 0.01
# Of more tasks, only the smallest and the largest weight are told.
MOST_TASKS = 6
ENDS = ('smallest in the end', 'largest')


def lines(cells: Sequence[Cell]) -> list[str]:
  """Returns a line per balancer whose weights are in the records.

  Args:
    cells: of a table.

  Returns:
    Lines of text, and one on those that never left equal weights; empty where
    no cell has a balancer or the records are older than weights in them.
  """
  curves = {
    c.label: _curve(c) for c in cells if _method(c) not in ('', 'equal')
  }
  known = {label: curve for label, curve in curves.items() if curve is not None}
  if not known:
    return []
  tasks = [task.name for task in cells[0].tasks]
  said = [f'{label}: weights {_told(tasks, w)}' for label, w in known.items()]
  said[0] += (
    ' (means of the first, the middle and the last evaluation period over the '
    "runs; methods of gradients weigh each task's shared gradient, the others "
    'whole losses)'
  )
  still = [label for label, w in known.items() if _are_equal(w)]
  if still:
    said.append(
      f'{", ".join(still)} never left equal weights (within {NEAR:.0%}, '
      'mean of any evaluation period of any run)'
    )
  return said


def _method(cell: Cell) -> str:
  """The balancer, also of a tuned row, which has the name of its method."""
  return cell.header.get('tuned_balancer', cell.balancer)


def _curve(cell: Cell) -> np.ndarray | None:
  """Weights `[runs, periods, K]` of the runs that were tested, if known."""
  names = [task.name for task in cell.tasks]
  found = [
    [[e.weights[name] for name in names] for e in run.curve if e.weights]
    for run in cell.completed
  ]
  lengths = {len(run) for run in found}
  if len(lengths) != 1 or lengths == {0}:
    return None
  # A weight that was not finite is None in the records.
  return np.array(found, float)


def _are_equal(curves: np.ndarray) -> bool:
  mean = curves.mean(axis=-1, keepdims=True)
  return bool((np.abs(curves - mean) <= NEAR * np.abs(mean)).all())


def _told(tasks: list[str], curves: np.ndarray) -> str:
  curve = curves.mean(axis=0)
  shown = curve[[0, (len(curve) - 1) // 2, -1]].T
  names = list(tasks)
  if len(tasks) > MOST_TASKS:
    ends = [int(np.argmin(curve[-1])), int(np.argmax(curve[-1]))]
    names = [f'{tasks[i]} ({w})' for i, w in zip(ends, ENDS, strict=True)]
    shown = shown[ends]
  return ', '.join(
    f'{name} {" -> ".join(f"{w:.3g}" for w in row)}'
    for name, row in zip(names, shown, strict=True)
  )
