"""The figure of Delta: published beside ours."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks import against
from benchmarks.delta_m.tables import BASES
from benchmarks.multi_fashion.figures import APART, OURS, PUBLISHED
from benchmarks.published import compared, directions
from benchmarks.published.protocols import Protocol
from mtl_jax.report import drawing, results, stats

Trained = Mapping[str, results.Cell]


def draw(tables: list[tuple[Protocol, Trained]]) -> Figure | None:
  """Draws a panel for each table that has rows with both values.

  Args:
    tables: with our cells by the name of the row.

  Returns:
    The figure; None where no table has such rows.
  """
  shown = [(p, t, rows) for p, t in tables if (rows := _rows(p, t))]
  if not shown:
    return None
  figure, panels = drawing.panels(len(shown), 4.2, 3.1)
  for axes, (protocol, trained, rows) in zip(panels, shown, strict=True):
    _panel(axes, protocol, trained, rows)
    drawing.tidy(axes)
  handles = [
    Line2D([], [], linestyle='none', **look) for look in (OURS, PUBLISHED)
  ]
  labels = ['ours, 95 % interval', 'published, printed spread']
  drawing.legend(figure, handles, labels)
  return figure


def _rows(protocol: Protocol, trained: Trained) -> list[str]:
  """Rows with a published Delta and one of ours, the worst on top."""
  known = {m: d for m, d in compared.deltas(protocol, trained).items() if d}
  printed = [r for r in protocol.table.rows if r.printed and r.method in known]
  worst = sorted(printed, key=lambda row: float(row.printed))
  if protocol.table.convention == 'P':
    worst.reverse()
  return [row.method for row in worst if row.method not in BASES]


def _panel(
  axes: Axes, protocol: Protocol, trained: Trained, names: list[str]
) -> None:
  deltas = compared.deltas(protocol, trained)
  printed = {row.method: row for row in protocol.table.rows}
  for i, name in enumerate(names):
    span = directions.printed(printed[name])
    half = span.high - span.middle
    axes.errorbar(span.middle, i + APART, xerr=half, capsize=2, **PUBLISHED)
    values = [*deltas[name].values()]
    own = against.of_mean(values, trained[name].test_over_train)(stats.LEVEL)
    half = np.nan_to_num((own.high - own.low) / 2)
    axes.errorbar(np.mean(values), i - APART, xerr=half, capsize=2, **OURS)
  axes.set_yticks(range(len(names)), names)
  axes.set_ylim(-0.6, len(names) - 0.4)
  axes.axvline(0, color='black', linewidth=0.8)
  arrow = drawing.better(protocol.table.convention == 'P')
  axes.set(title=protocol.table.title)
  axes.set_xlabel(f'Delta to single tasks, % ({arrow})')
