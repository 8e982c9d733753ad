"""The transfer gains of pairs as a heat map."""

import pathlib
import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mtl_jax.report import drawing
from mtl_jax.report.grid import heatmap
from mtl_jax.report.layout import MARKS, with_interval
from mtl_jax.report.transfer import gains
from mtl_jax.report.transfer.gains import Transfer

TITLE = (
  'Gain of the column’s task when it is trained with the row’s, against alone: '
  'mean ± half its 95 % interval over {n} seeds. Bold with ▲ better or ▼ '
  'worse: shown after correction; plain: no difference shown; hatched: not '
  'known'
)


def write(found: Transfer, path: pathlib.Path) -> None:
  """Writes the picture."""
  drawing.save(draw(found), path)


def lines(found: Transfer) -> tuple[list[str], dict[str, np.ndarray]]:
  """Names and columns of the rows: a partner each, then all tasks together."""
  names, columns = list(found.names), ('gain', 'ci_low', 'ci_high', 'verdict')
  tables = {c: gains.matrix(found, c) for c in columns}
  whole = found.frame[found.frame['size'] == len(names)].set_index('task')
  if len(names) > 2 and len(whole):
    names.append(f'all {len(names)}')
    last = whole.loc[found.names]
    tables = {c: np.vstack([t, last[c]]) for c, t in tables.items()}
  return names, tables


def entries(found: Transfer) -> tuple[list[str], list[list[str]]]:
  """Names of the rows, and what stands in them: `+1.2 ± 0.4 ▲`."""
  names, tables = lines(found)
  return names, [
    [
      with_interval(*map(float, numbers), '+') + MARKS.get(verdict, '')
      for *numbers, verdict in zip(*row, strict=True)
    ]
    for row in zip(*tables.values(), strict=True)
  ]


def draw(found: Transfer) -> Figure:
  """Rows are partners, columns are tasks; one colour scale for all."""
  names, tables = lines(found)
  means = tables['gain'].astype(float)
  width, height = 1.25 * len(found.names) + 2.6, 0.5 * len(names) + 1.9
  figure = Figure((width, height), layout='constrained')
  axes = figure.subplots()
  # Without any difference the scale still needs two ends.
  limit = max(np.abs(means[np.isfinite(means)]).max(initial=0), 1e-3)
  image = axes.imshow(
    means, heatmap.COLOURS, aspect='auto', vmin=-limit, vmax=limit
  )
  for y, row in enumerate(entries(found)[1]):
    for x, text in enumerate(row):
      _field(axes, y, x, text, means[y, x] / limit)
  columns = [f'{t.name}\n{t.metrics[0][0]}' for t in found.base.tasks]
  axes.set_xticks(range(len(columns)), columns)
  axes.set_yticks(range(len(names)), names)
  title = TITLE.format(n=len(found.base.setting))
  title = textwrap.fill(title, int(13 * width))
  axes.set(xlabel='task', ylabel='trained with', title=title)
  drawing.tidy(axes)
  bar = figure.colorbar(image, ax=axes)
  bar.set_label('gain, % (better ↑)', fontsize=8)
  bar.ax.tick_params(labelsize=8)
  return figure


def _field(axes: Axes, y: int, x: int, text: str, share: float) -> None:
  if not np.isfinite(share):
    look = {'facecolor': '#eeeeee', 'edgecolor': drawing.GREY, 'linewidth': 0}
    own = {} if y == x else {'hatch': '///'}  # With itself there is nothing.
    axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, **look, **own))
    return
  axes.text(
    x,
    y,
    text.replace(' ±', '\n±'),
    ha='center',
    va='center',
    fontsize=8,
    # The ends of the scale are dark.
    color='white' if abs(share) > 0.65 else 'black',
    fontweight='bold' if text.endswith(tuple(MARKS.values())) else 'normal',
  )
