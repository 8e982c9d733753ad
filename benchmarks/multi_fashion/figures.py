"""The figure of published gaps against ours."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.multi_fashion import compared, paper, presets
from benchmarks.multi_fashion.ours import Ours
from mtl_jax.report import drawing, stats

OURS = {'color': 'black', 'marker': 'o', 'markersize': 4.5}
PUBLISHED = {
  'color': drawing.COLOURS[1],
  'marker': 'D',
  'markersize': 4.5,
  'markerfacecolor': 'white',
}
APART = 0.17  # of a published and our marker, in rows


def draw(trained: Mapping[str, Ours]) -> Figure:
  """Draws our accuracies, and gaps to the base row beside those of each source.

  Args:
    trained: our accuracies by recipe; the first panel has those of the first.
  """
  first = next(iter(trained.values()))
  figure, panels = drawing.panels(1 + len(paper.SOURCES), 2.9, 3.1)
  _accuracies(panels[0], first)
  for axes, source in zip(panels[1:], paper.SOURCES.values(), strict=True):
    _gaps(axes, source, trained[compared.followed(source, trained)])
  for axes in panels:
    drawing.tidy(axes)
  handles = [
    Line2D([], [], linestyle='none', **look) for look in (OURS, PUBLISHED)
  ]
  drawing.legend(figure, handles, ['ours, 95 % interval', 'published'])
  return figure


def _accuracies(axes: Axes, ours: Ours) -> None:
  rows = sorted(ours.by_row, key=lambda row: ours.mean(row).mean())
  for i, row in enumerate(rows):
    _ours(axes, i, ours.interval(ours.mean(row).to_numpy()))
  _names(axes, rows)
  axes.set(title='ours', xlabel='mean accuracy, % (better →)')


def _gaps(axes: Axes, source: paper.Source, ours: Ours) -> None:
  rows = [r for r in compared.in_common(source, ours) if r != source.base]
  rows.sort(key=lambda row: source.rows[row].mean.middle)
  for i, row in enumerate(rows):
    gap = compared.gap_of(source, row)
    half = [[gap.middle - gap.low], [gap.high - gap.middle]]
    axes.errorbar(gap.middle, i + APART, xerr=half, capsize=2, **PUBLISHED)
    _ours(axes, i - APART, ours.gap(row, source.base))
  _names(axes, rows)
  axes.axvline(0, color='black', linewidth=0.8)
  paper_name, place = source.name.split('), ')
  title = f'{paper_name})\n{place} {source.mark}'
  axes.set(title=f'{title}\n{source.data}, {source.model}')
  axes.set_xlabel(f'points above {source.base} (better →)')


def _ours(axes: Axes, y: float, interval: stats.Interval) -> None:
  # No bar where the interval is unknown, as for a single seed.
  half = np.nan_to_num((interval.high - interval.low) / 2)
  axes.errorbar(interval.mean, y, xerr=half, capsize=2, **OURS)


def _names(axes: Axes, rows: list[str]) -> None:
  short = [presets.ROWS[row].label.replace('hard, ', '') for row in rows]
  axes.set_yticks(range(len(rows)), short)
  axes.set_ylim(-0.6, len(rows) - 0.4)
  axes.locator_params(axis='x', nbins=5)
