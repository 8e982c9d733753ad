"""Seeds that a figure of the table lacks, since a metric has no value there."""

import itertools
from collections.abc import Sequence

from mtl_jax.report import many
from mtl_jax.report.results import Cell


def values(cells: Sequence[Cell]) -> list[str]:
  """Returns notes on metrics that some completed runs of a cell lack.

  A metric has no value where it cannot be computed: an AUC of one class.
  """
  summed = many.too_many(cells[0].tasks)
  rows: dict[tuple, dict[str, list[str]]] = {}
  for cell in cells:
    for task in cell.tasks:
      counts = {m: len(cell.values(task.name, m)) for m, _ in task.metrics}
      # Metrics of a task that lack equally many seeds share a note.
      for seeds in sorted(set(counts.values()) - {len(cell.completed)}):
        metrics = ', '.join(m for m, n in counts.items() if n == seeds)
        of = f'{seeds} of {len(cell.completed)}'
        # In a summarised table so do tasks.
        key = (metrics, of) if summed else (task.name, metrics, of)
        own = rows.setdefault(key, {})
        own.setdefault(task.name, []).append(cell.label)
  return [
    f'{_labels(own)}: {many.some(list(own))} {metrics} has a value on {of} '
    'seeds only; where it is a headline, Δm has none on the others'
    for (*_, metrics, of), own in rows.items()
  ]


def _labels(own: dict[str, list[str]]) -> str:
  """The labels of the cells, each once."""
  return ', '.join(dict.fromkeys(itertools.chain.from_iterable(own.values())))
