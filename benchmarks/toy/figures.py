"""Figures of the walks in the plane of the two parameters."""

import pathlib
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.toy.problem import FRONT, Setting, losses
from benchmarks.toy.runs import Walk
from mtl_jax.report import drawing

# The methods that the papers compare; the others have figures of their own.
FIRST = ('equal', 'mgda', 'pcgrad', 'cagrad', 'nash_mtl', 'famo')
X1, X2 = (-11, 11), (-11, 11)  # limits of the axes


def files(name: str, setting: Setting) -> dict[str, tuple[str, ...]]:
  """Returns the methods of each figure by the name of its file.

  Args:
    name: of the setting.
    setting: its methods are distributed over the figures.
  """
  if name != 'famo':
    return {f'{name}.png': setting.methods}
  others = tuple(m for m in setting.methods if m not in FIRST)
  half = (len(others) + 1) // 2
  return {
    'toy.png': FIRST,
    'others_1.png': others[:half],
    'others_2.png': others[half:],
  }


def draw(setting: Setting, walks: Mapping[str, Walk]) -> Figure:
  """Draws a panel per method with contours, the front and all walks.

  Args:
    setting: gives the scale of the losses and the starting points.
    walks: by method.
  """
  figure, panels = drawing.panels(
    len(walks), 2.3, 2.2, sharex=True, sharey=True
  )
  surface = total(setting.scale)
  for axes, (name, walk) in zip(panels, walks.items(), strict=True):
    _background(axes, surface)
    for i, path in enumerate(walk.path):
      _line(axes, i, path)
    axes.set(title=name, xlim=X1, ylim=X2)
    drawing.tidy(axes)
  figure.supxlabel('x1', fontsize=8)
  figure.supylabel('x2', fontsize=8)
  handles = _handles(setting)
  drawing.legend(figure, handles, [str(h.get_label()) for h in handles])
  return figure


def total(scale: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Returns the axes of a grid and the sum of both losses on it."""
  x1, x2 = (np.linspace(*ends, 221) for ends in (X1, X2))
  grid = jnp.array(np.stack(np.meshgrid(x1, x2), -1)).reshape(-1, 2)
  sums = jax.vmap(lambda x: losses(x, scale).sum())(grid)
  return x1, x2, np.asarray(sums).reshape(len(x2), len(x1))


def _background(axes: Axes, surface) -> None:
  levels = np.linspace(surface[2].min(), surface[2].max(), 16)
  axes.contour(
    *surface, levels, colors='#bbbbbb', linewidths=0.5, linestyles='-'
  )
  axes.plot((-7, 7), (FRONT, FRONT), color='black', linewidth=3, alpha=0.45)


def _line(axes: Axes, i: int, path: np.ndarray) -> None:
  colour, line = _style(i)
  axes.plot(*path.T, color=colour, linestyle=line, linewidth=1.2)
  axes.plot(*path[0], 'o', color=colour, markersize=4, markerfacecolor='white')
  axes.plot(
    *path[-1], 'X', color=colour, markersize=6, markeredgecolor='white',
    markeredgewidth=0.5, zorder=3,
  )  # fmt: skip


def _style(i: int) -> tuple[str, str]:
  return drawing.COLOURS[i], ('-', '--', '-.', (0, (1, 1)), (0, (5, 1)))[i]


def _handles(setting: Setting) -> list[Line2D]:
  """Returns the entries of the legend."""
  starts = []
  for i, (a, b) in enumerate(setting.starts):
    colour, line = _style(i)
    name = f'({a:g}, {b:g})'
    starts.append(Line2D([], [], color=colour, linestyle=line, label=name))
  mark = {'color': 'black', 'linestyle': 'none'}
  front = {'color': 'black', 'linewidth': 3, 'alpha': 0.45}
  return [
    *starts,
    Line2D([], [], marker='o', markerfacecolor='white', label='start', **mark),
    Line2D([], [], marker='X', label='end', **mark),
    Line2D([], [], label='Pareto front', **front),
    Line2D([], [], color='#bbbbbb', linewidth=0.5, label='sum of losses'),
  ]


def save(
  path: pathlib.Path, setting: Setting, walks: Mapping[str, Walk]
) -> None:
  """Draws walks and writes them as a PNG file.

  Args:
    path: of the file.
    setting: as in `draw`.
    walks: by method.
  """
  drawing.save(draw(setting, walks), path)
