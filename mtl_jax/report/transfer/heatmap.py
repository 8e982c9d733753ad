"""The transfer gains of pairs as a heat map."""

import pathlib
import textwrap

import numpy as np
from matplotlib.figure import Figure

from mtl_jax.report import drawing, heatmap
from mtl_jax.report.heatmap import Entry
from mtl_jax.report.layout import MARKS, with_interval
from mtl_jax.report.transfer import gain_tables
from mtl_jax.report.transfer.gains import Transfer

TITLE = (
  'Gain of the column’s task when it is trained with the row’s, against alone: '
  'mean ± half its 95 % interval over {n} seeds. Bold with ▲ better or ▼ '
  'worse: shown after correction; plain: undecided; hatched: not '
  'known'
)


def write(transfer: Transfer, path: pathlib.Path) -> None:
  """Writes the figure.

  Args:
    transfer: all gains.
    path: of the PNG.
  """
  drawing.save(draw(transfer), path)


def lines(transfer: Transfer) -> tuple[list[str], dict[str, np.ndarray]]:
  """Returns names and columns of the rows.

  Args:
    transfer: all gains.

  Returns:
    The names: a partner each, then all tasks together if those are more than
    two. And `[rows, tasks]` for each of gain, its interval and its verdict.
  """
  names, columns = (
    list(transfer.names),
    ('gain', 'ci_low', 'ci_high', 'verdict'),
  )
  tables = {c: gain_tables.matrix(transfer, c) for c in columns}
  whole = transfer.frame[transfer.frame['size'] == len(names)].set_index('task')
  # Of two tasks, all together are the pair.
  if len(names) > 2 and len(whole):
    names.append(f'all {len(names)}')
    last = whole.loc[transfer.names]
    tables = {c: np.vstack([t, last[c]]) for c, t in tables.items()}
  return names, tables


def entries(transfer: Transfer) -> tuple[list[str], list[list[str]]]:
  """Returns names of the rows, and their texts: `+1.2 ± 0.4 ▲`."""
  names, tables = lines(transfer)
  return names, [
    [
      with_interval(*map(float, numbers), '+') + MARKS.get(verdict, '')
      for *numbers, verdict in zip(*row, strict=True)
    ]
    for row in zip(*tables.values(), strict=True)
  ]


def draw(transfer: Transfer) -> Figure:
  """Draws a row per partner and a column per task, on one colour scale."""
  names, tables = lines(transfer)
  width, height = 1.25 * len(transfer.names) + 2.6, 0.5 * len(names) + 1.9
  figure = Figure((width, height), layout='constrained')
  axes = figure.subplots()
  means = tables['gain'].astype(float)
  image = heatmap.draw(axes, means, _rows(transfer))
  columns = [f'{t.name}\n{t.metrics[0][0]}' for t in transfer.base.tasks]
  axes.set_xticks(range(len(columns)), columns)
  axes.set_yticks(range(len(names)), names)
  title = TITLE.format(n=len(transfer.base.setting))
  title = textwrap.fill(title, int(13 * width))
  axes.set(xlabel='task', ylabel='trained with', title=title)
  drawing.tidy(axes)
  heatmap.bar(figure, image, axes, 'gain, % (better ↑)')
  return figure


def _rows(transfer: Transfer) -> list[list[Entry]]:
  return [
    [
      Entry(
        text.replace(' ±', '\n±'),
        bold=text.endswith(tuple(MARKS.values())),
        hatched=y != x,  # A task is not its own partner: nothing is missing.
      )
      for x, text in enumerate(row)
    ]
    for y, row in enumerate(entries(transfer)[1])
  ]
