"""The figure of a factorial: shares of variance, and means by variant."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mtl_jax.report import drawing, stats
from mtl_jax.report.grid.variants import Variants


def draw(found: Variants) -> Figure:
  """Draws shares with their intervals, and means of schemes and balancers."""
  height = max(2.6, 0.28 * (len(found.shares) if found.known else 1) + 0.9)
  figure = Figure((11, height), layout='constrained')
  axes = figure.subplots(1, 3, width_ratios=(1.2, 1, 1))
  if not found.known:
    axes[0].set_title('not known, see factorial.md')
    return figure
  _shares(axes[0], found)
  axes[1].sharey(axes[2])
  _means(axes[1], found, 'scheme')
  _means(axes[2], found, 'balancer')
  handles, labels = axes[2].get_legend_handles_labels()
  drawing.legend(figure, handles, labels)
  for one in axes:
    drawing.tidy(one)
  return figure


def _shares(axes: Axes, found: Variants) -> None:
  shares = found.shares
  for y, one in enumerate(shares):
    seeds = y >= len(shares) - 2
    colour = drawing.GREY if seeds else drawing.COLOURS[0]
    axes.barh(y, 100 * one.share, color=colour, alpha=0.5, height=0.6)
    if np.isfinite(one.low):
      ends = 100 * one.low, 100 * one.high
      axes.plot(ends, (y, y), color='black', linewidth=1)
  axes.set_yticks(range(len(shares)), [one.name for one in shares])
  axes.set_ylim(len(shares) - 0.5, -0.5)
  axes.set(xlabel='share of the variance of one entry, %', xlim=(0, 100))


def _means(axes: Axes, found: Variants, what: str) -> None:
  names = found.part.schemes if what == 'scheme' else found.part.balancers
  over = 1 if what == 'scheme' else 0
  count = len(found.grids)
  for i, variant in enumerate(found.grids):
    place = [
      levels.index(name)
      for levels, name in zip(
        (found.optimizers, found.sizes), variant, strict=True
      )
    ]
    own = found.part.values[*place].mean(over)  # [names, seeds]
    tests = [
      stats.one_sample(x, stats.PERCENT, found.test_over_train) for x in own
    ]
    x = np.arange(len(names)) + 0.5 * ((i + 0.5) / count - 0.5)
    means, low, high = np.array([one[:3] for one in tests]).T
    style = drawing.line_style(i) | {'linestyle': 'none', 'markersize': 4}
    axes.errorbar(
      x, means, [means - low, high - means], label=' '.join(variant), **style
    )
  axes.axhline(0, color='black', linewidth=0.8)
  axes.set_xticks(range(len(names)), names, rotation=30, ha='right')
  axes.set(xlabel=what, ylabel='mean Δm, % (better ↑)')
