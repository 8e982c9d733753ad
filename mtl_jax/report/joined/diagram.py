"""The critical-difference diagram of Demsar, JMLR 7, 2006, figure 1."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mtl_jax.report import drawing, stats
from mtl_jax.report.joined.ranking import Ranking

LINE = 0.24  # inches between two names
ROOM = 0.22  # of the axis, for names on either side
BAR = {'color': 'black', 'linewidth': 3.0, 'solid_capstyle': 'butt'}
THIN = {'color': 'black', 'linewidth': 0.8}


def draw(own: Ranking) -> Figure:
  """Draws mean ranks on an axis; bars join what is not shown to differ.

  Better is to the right. The heading says where data sets are too few.

  Args:
    own: the ranks.
  """
  count, groups = len(own.labels), _spans(own)
  names = math.ceil(count / 2)
  # In lines below the axis: the bars of groups, then names on either side.
  depth = 0.6 * len(groups) + 0.8 + names
  figure = Figure((7.5, LINE * (depth + 4.5)), layout='constrained')
  axes = figure.subplots()
  span = max(count - 1, 1)
  axes.set_xlim(count + ROOM * span, 1 - ROOM * span)
  axes.set_ylim(depth, -4.5)
  _axis(axes, count)
  _difference(axes, own, count)
  for i, (first, last) in enumerate(groups):
    axes.plot([first, last], [0.6 * (i + 1)] * 2, **BAR)
  _names(axes, own, 0.6 * len(groups) + 0.8, float(span))
  axes.set_axis_off()
  axes.set_title(_title(own), fontsize=9)
  return figure


def _title(own: Ranking) -> str:
  sets = f'{len(own.ranked)} data sets'
  if own.asymptotic:
    return (
      f'Mean ranks by Δm over {sets}; bars join what is not shown to differ'
    )
  return f'Mean ranks by Δm over {sets}: too few for any verdict'


def _spans(own: Ranking) -> list[tuple[float, float]]:
  means = dict(zip(own.labels, own.ranked.mean(0), strict=True))
  pad = 0.02 * len(means)
  return [(means[g[0]] - pad, means[g[-1]] + pad) for g in own.groups]


def _axis(axes: Axes, count: int) -> None:
  axes.plot([1, count], [0, 0], **THIN)
  for rank in range(1, count + 1):
    axes.plot([rank, rank], [0, -0.3], **THIN)
    axes.text(rank, -0.45, str(rank), ha='center', va='bottom', fontsize=8)
  axes.text(
    (count + 1) / 2, -1.5, f'mean rank ({drawing.better(True)})',
    ha='center', va='bottom', fontsize=8,
  )  # fmt: skip


def _difference(axes: Axes, own: Ranking, count: int) -> None:
  """The critical difference to scale, from the worst rank."""
  ends = [count, count - own.difference]
  axes.plot(ends, [-3, -3], **THIN)
  for end in ends:
    axes.plot([end, end], [-3.2, -2.8], **THIN)
  axes.text(
    np.mean(ends), -3.2,
    f'critical difference {own.difference:.2f} ({stats.ALPHA:.0%}, Nemenyi)',
    ha='center', va='bottom', fontsize=8,
  )  # fmt: skip


def _names(axes: Axes, own: Ranking, top: float, span: float) -> None:
  """The better half on the right, the other on the left, best on top."""
  means = own.ranked.mean(0)
  order = means.argsort(kind='stable')
  half = len(order) // 2
  # From outside to inside, so that no line crosses another.
  sides = [(order[:half], 1 - 0.04 * span, 'left')]
  sides += [(order[half:][::-1], len(order) + 0.04 * span, 'right')]
  for indices, edge, align in sides:
    for i, place in enumerate(indices):
      y, x = top + i, means[place]
      axes.plot([x, x, edge], [0, y, y], **THIN)
      label = own.labels[place]
      text = f' {label}, {x:.2f} '
      weight = 'bold' if label == 'single' else 'normal'
      axes.text(edge, y, text, ha=align, va='center', fontsize=8, weight=weight)
