"""Draws a sketch of `sketches.py` as an SVG file."""

import io
import re
from typing import NamedTuple
from xml.etree import ElementTree

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from benchmarks.schemes.sketches import Sketch

# Tints of the colours of Okabe and Ito, safe for colour-blind readers; letters
# and shapes of the boxes carry the same information.
FILL = {'S': '#7CC4EE', 'A': '#F0B13C', 'B': '#5FC7A5', 'M': '#F4EA6A'}
OWNED = {'A': '#B37A00', 'B': '#007A58'}  # darker, for thin lines
INK = '#333333'
DUBLIN = 'http://purl.org/dc/elements/1.1/'
# All lengths are in inches.
COLUMN, WIDTH, EDGE = 1.04, 0.72, 0.2  # between columns; of a box; at the left
ROW, LEAST = 0.52, 1.4  # between rows; least height of a figure
HEIGHTS = {'': 0.34, '+': 0.8, '-': 0.2}
AROUND = 0.22  # room for a dashed arrow above or below the boxes


class Box(NamedTuple):
  """A box with its position.

  Attributes:
    kind: as in sketches.py, without the mark of the size.
    text: its lines.
    x: of the centre, in inches from the left edge of the figure.
    y: of the centre, in inches above the middle of the figure.
    height: in inches.
  """

  kind: str
  text: str
  x: float
  y: float
  height: float

  @property
  def owner(self) -> str:
    """The one task that learns it; '' if there are two or none."""
    return self.kind[-1] if self.kind[-1] in 'AB' else ''


Arrow = tuple[str, str]


def read(sketch: Sketch) -> tuple[dict[str, Box], list[Arrow]]:
  """Returns the boxes by name, and the arrows between adjacent columns."""
  parts = re.split(r' (\*|=|\{[\d ]+\}) ', sketch.flow)
  columns = [part.split(',') for part in parts[::2]]
  tall = max(LEAST, ROW * max(map(len, columns)))
  boxes = {
    f'{i}{j}': _box(cell, tall, i, j, len(cells))
    for i, cells in enumerate(columns)
    for j, cell in enumerate(cells)
    if cell.strip()
  }
  arrows = []
  for i, joint in enumerate(parts[1::2]):
    ends = _joined(joint, len(columns[i]), len(columns[i + 1]))
    arrows += [(f'{i}{a}', f'{i + 1}{b}') for a, b in ends]
  return boxes, [(a, b) for a, b in arrows if a in boxes and b in boxes]


def _joined(joint: str, left: int, right: int) -> list[tuple[int, int]]:
  if joint == '*':
    return [(a, b) for a in range(left) for b in range(right)]
  if joint == '=':
    return [(a, a) for a in range(left)]
  return [(int(a), int(b)) for a, b in joint.strip('{}').split()]


def _box(cell: str, tall: float, column: int, row: int, rows: int) -> Box:
  kind, _, text = cell.strip().partition(' ')
  size = kind[-1] if kind[-1] in '+-|' else ''
  kind = kind.removesuffix(size)
  text = text.replace('/', '\n')
  if kind[-1] in 'AB':
    text = f'{text} {kind[-1]}'
  x, y = EDGE + column * COLUMN, tall * (0.5 - (row + 0.5) / rows)
  return Box(kind, text, x, y, HEIGHTS.get(size, tall - 0.2))


def draw(sketch: Sketch) -> Figure:
  """Draws the boxes, arrows and ties of a sketch."""
  boxes, arrows = read(sketch)
  width = max(box.x for box in boxes.values()) + WIDTH / 2 + 0.06
  top = max(LEAST / 2, *(box.y + ROW / 2 for box in boxes.values()))
  height = 2 * (top + AROUND * any(how[2] in '^_' for how in sketch.more))
  figure = Figure((width, height))
  axes = figure.add_axes((0, 0, 1, 1))
  axes.set(xlim=(0, width), ylim=(-height / 2, height / 2))
  axes.set_axis_off()
  for a, b in arrows:
    _across(axes, boxes[a], boxes[b])
  for text in sketch.more:
    _other(axes, boxes[text[:2]], text[2], boxes[text[3:]])
  for text in sketch.ties:
    pair, _, label = text.partition(' ')
    _tie(axes, *(boxes[name] for name in pair.split('-')), label)
  for box in boxes.values():
    _draw_box(axes, box)
  return figure


def svg(name: str, sketch: Sketch) -> str:
  """Draws a sketch as an SVG file, byte for byte the same each time.

  Args:
    name: of the scheme; the title, and the salt of the identifiers.
    sketch: what is drawn; also stored in the description, see `drawn_from`.

  Returns:
    The text of the file.
  """
  buffer = io.StringIO()
  metadata = {'Title': name, 'Description': str(sketch), 'Date': None}
  with matplotlib.rc_context({'svg.hashsalt': name}):
    draw(sketch).savefig(buffer, format='svg', metadata=metadata)
  lines = buffer.getvalue().splitlines()
  return '\n'.join(line.rstrip() for line in lines) + '\n'


def drawn_from(text: str) -> str:
  """Returns the sketch that a file by `svg` was drawn from, as text."""
  tags = ElementTree.fromstring(text).iter(f'{{{DUBLIN}}}description')
  return next(tags).text


def _draw_box(axes: Axes, box: Box) -> None:
  if box.kind == 'x':
    axes.text(box.x, box.y, 'x', ha='center', va='center', fontsize=11)
    return
  # Boxes that mix are round; those of one task have a coloured border.
  shape = 'round,pad=0,rounding_size=0.15' if box.kind[0] == 'M' else 'square'
  shape += ',pad=0' * (shape == 'square')
  corner = box.x - WIDTH / 2, box.y - box.height / 2
  patch = FancyBboxPatch(
    corner,
    WIDTH,
    box.height,
    boxstyle=shape,
    facecolor=FILL.get(box.kind[0], 'white'),
    edgecolor=OWNED.get(box.owner, INK),
    linewidth=2 if box.owner else 1,
  )
  axes.add_patch(patch)
  axes.text(
    box.x,
    box.y,
    box.text,
    ha='center',
    va='center',
    fontsize=8.5,
    linespacing=0.95,
  )


def _across(axes: Axes, a: Box, b: Box) -> None:
  start, end = a.x + (0.08 if a.kind == 'x' else WIDTH / 2), b.x - WIDTH / 2
  # An arrow to or from a tall box is horizontal, at the other box's height.
  tall, low = (a, b) if a.height > b.height else (b, a)
  if tall.kind != 'x' and abs(low.y - tall.y) < tall.height / 2:
    _arrow(axes, [(start, low.y), (end, low.y)], a, b)
  else:
    _arrow(axes, [(start, a.y), (end, b.y)], a, b)


def _other(axes: Axes, a: Box, how: str, b: Box) -> None:
  up = 1 if how == '^' or (how == '>' and b.y > a.y) else -1
  if how != '>':
    # Up from a, over all boxes, and down to b (or below them).
    over = up * (axes.get_ylim()[1] - 0.08)
    ends = a.y + up * a.height / 2, b.y + up * b.height / 2
    path = [(a.x, ends[0]), (a.x, over), (b.x, over), (b.x, ends[1])]
    _arrow(axes, path, a, b, linestyle=(0, (4, 2)))
  elif a.x == b.x:
    ends = a.y + up * a.height / 2, b.y - up * b.height / 2
    _arrow(axes, [(a.x, y) for y in ends], a, b)
  else:
    end = b.x, b.y - up * b.height / 2
    _arrow(axes, [(a.x + WIDTH / 2, a.y), end], a, b)


def _arrow(axes: Axes, points: list, a: Box, b: Box, **style) -> None:
  """Draws a line through the points, with a head at its end."""
  colour = OWNED.get(b.owner or a.owner, INK)
  axes.plot(*zip(*points, strict=True), color=colour, linewidth=1.1, **style)
  axes.annotate(
    '',
    points[-1],
    points[-2],
    arrowprops={
      'arrowstyle': '-|>',
      'color': colour,
      'linewidth': 0,
      'mutation_scale': 10,
      'shrinkA': 0,
      'shrinkB': 0,
    },
  )


def _tie(axes: Axes, a: Box, b: Box, label: str) -> None:
  ends = a.y - a.height / 2, b.y + b.height / 2
  axes.plot([a.x] * 2, ends, color=INK, linewidth=1.4, linestyle=(0, (1, 1)))
  axes.text(
    a.x + 0.05, sum(ends) / 2, label, fontsize=8, style='italic', va='center'
  )
