"""The figure of growth.csv: time and memory over each axis."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

Row = dict[str, str]
# The colours of Okabe and Ito, safe for colour-blind readers. The markers
# differ too, so that a print in grey can be read.
STYLES = (
  ('#0072B2', 'o'), ('#D55E00', 's'), ('#009E73', '^'), ('#CC79A7', 'D'),
  ('#E69F00', 'v'), ('#56B4E9', 'P'), ('#000000', 'X'), ('#F0E442', '*'),
)  # fmt: skip
LABELS = {
  'runs': 'seeds in one program',
  'tasks': 'tasks (8 seeds)',
  'towers': 'towers: tasks of single, experts of mmoe',
  'width': 'parameters of a network (8 seeds)',
}
TIME, MEMORY = 'ms_per_step_per_run', 'mb_measured'


def curves(rows: list[Row], axis: str) -> dict[str, list[Row]]:
  """Groups the rows of an axis into curves.

  Args:
    rows: lines of growth.csv, of any axis.
    axis: one of `LABELS`, or 'encoder'.

  Returns:
    The rows of each curve in their order, by what distinguishes the curves.
  """
  by_name: dict[str, list[Row]] = {}
  for row in (row for row in rows if row['axis'] == axis):
    order = row['parallel']
    names = {
      'runs': (row['balancer'], order),
      'tasks': (row['balancer'],),
      'towers': (row['scheme'],),
      'width': (row['balancer'], order),
      'encoder': (row['encoder'], order),
    }[axis]
    by_name.setdefault(', '.join(names), []).append(row)
  return by_name


def draw(rows: list[Row]) -> Figure:
  """Draws time in the upper row, memory in the lower, a column per axis."""
  axes_names = [a for a in LABELS if any(row['axis'] == a for row in rows)]
  figure = Figure((3.6 * len(axes_names), 6.4), layout='constrained')
  grid = figure.subplots(2, len(axes_names), squeeze=False)
  for column, axis in enumerate(axes_names):
    for line, (key, label) in enumerate(
      ((TIME, 'ms per step and seed'), (MEMORY, 'MB on a device'))
    ):
      axes = grid[line][column]
      _lines(axes, curves(rows, axis), axis, key)
      axes.set(xlabel=LABELS[axis], ylabel=label, xscale='log', yscale='log')
      axes.xaxis.set_major_formatter('{x:g}')
      axes.yaxis.set_major_formatter('{x:g}')
      axes.grid(color='#dddddd', linewidth=0.6)
    grid[0][column].legend(fontsize=8, frameon=False)
  return figure


def _lines(
  axes: Axes, by_name: dict[str, list[Row]], axis: str, key: str
) -> None:
  where = 'params' if axis == 'width' else 'value'
  for number, (label, own) in enumerate(by_name.items()):
    colour, marker = STYLES[number % len(STYLES)]
    x, y = ([float(row[k]) for row in own] for k in (where, key))
    axes.plot(x, y, color=colour, marker=marker, markersize=4, label=label)
