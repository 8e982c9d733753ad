"""Draws the rooms of `mtl_jax` for docs/architecture.md, from the imports.

python docs/rooms.py

A room is a file or folder of `mtl_jax`. Writes docs/rooms.svg and the table of
rooms between the marks of the page.
"""

import argparse
import ast
import pathlib
import re
from collections.abc import Mapping

DOCS = pathlib.Path(__file__).parent
PACKAGE = DOCS.parent / 'mtl_jax'
PAGE = DOCS / 'architecture.md'
BEGIN, END = '<!-- rooms -->', '<!-- end rooms -->'

Imports = Mapping[str, frozenset[str]]  # of each room: the rooms it imports


def imports() -> Imports:
  """Returns, for each room, the other rooms that its files import."""
  found: dict[str, set[str]] = {}
  for file in sorted(PACKAGE.rglob('*.py')):
    room = file.relative_to(PACKAGE).parts[0].removesuffix('.py')
    if room != '__init__':
      found.setdefault(room, set()).update(_imported(file))
  rooms = set(found)
  return {r: frozenset(names & rooms - {r}) for r, names in found.items()}


def _imported(file: pathlib.Path) -> set[str]:
  """Names of rooms that a file imports, with its own."""
  names = set()
  for node in ast.walk(ast.parse(file.read_text('utf-8'))):
    if isinstance(node, ast.ImportFrom) and node.module == 'mtl_jax':
      names |= {alias.name for alias in node.names}
    elif isinstance(node, ast.ImportFrom) and node.module:
      top, _, rest = node.module.partition('.')
      names |= {rest.split('.')[0]} if top == 'mtl_jax' and rest else set()
  return names


def floors(rooms: Imports) -> list[list[str]]:
  """Returns the rooms by the length of their longest chain of imports.

  Raises:
    ValueError: the imports have a cycle.
  """
  left, placed, result = dict(rooms), set(), []
  while left:
    floor = sorted(room for room, below in left.items() if below <= placed)
    if not floor:
      raise ValueError(f'imports in a cycle: {", ".join(sorted(left))}')
    placed |= {*floor}
    left = {room: below for room, below in left.items() if room not in placed}
    result.append(floor)
  return result


def direct(rooms: Imports) -> Imports:
  """Returns only imports that no longer chain implies: what is drawn."""
  every: dict[str, frozenset[str]] = {}
  for floor in floors(rooms):
    for room in floor:
      below = [every[other] | {other} for other in rooms[room]]
      every[room] = frozenset().union(*below)
  return {
    room: frozenset(
      other
      for other in below
      if not any(other in every[third] for third in below)
    )
    for room, below in rooms.items()
  }


def table(rooms: Imports) -> str:
  """Returns the rooms as a Markdown table, from the ground up."""
  drawn, lines = direct(rooms), []
  for room in (room for floor in floors(rooms) for room in floor):
    below = ', '.join(sorted(drawn[room])) or '–'
    lines.append(f'| `{room}` | {_about(room)} | {below} |')
  head = (
    '| room | what | imports, without what these import |\n| :-- | :-- | :-- |'
  )
  return '\n'.join([head, *lines])


def _about(room: str) -> str:
  """The first sentence of the room's docstring."""
  folder = PACKAGE / room / '__init__.py'
  file = folder if folder.exists() else PACKAGE / f'{room}.py'
  text = ast.get_docstring(ast.parse(file.read_text('utf-8'))) or ''
  return text.split('\n')[0].removesuffix('.').replace('|', r'\|')


def draw(rooms: Imports, path: pathlib.Path) -> None:
  """Writes a picture: an arrow per direct import; `errors` is left out."""
  # Nearly all import it: its arrows would say nothing.
  rooms = {r: below - {'errors'} for r, below in rooms.items() if r != 'errors'}
  import matplotlib as mpl
  from matplotlib.figure import Figure

  mpl.rcParams['svg.hashsalt'] = 'rooms'  # the same file every time
  rows = _hung(rooms)
  widest = max(map(len, rows))
  figure = Figure((1.7 * widest + 0.3, 0.8 * len(rows)))
  axes = figure.add_axes((0, 0, 1, 1))
  box = {'boxstyle': 'round,pad=0.35', 'facecolor': 'white'}
  texts = {
    room: axes.text(
      (i + 0.5) * widest / len(row), y, room,
      ha='center', va='center', fontsize=11, bbox=box, zorder=3,
    )
    for y, row in enumerate(rows)
    for i, room in enumerate(row)
  }  # fmt: skip
  figure.canvas.draw()  # Boxes have no size before.
  for room, below in sorted(direct(rooms).items()):
    for other in sorted(below):
      ends = texts[other], texts[room]
      axes.annotate(
        '', *(end.get_position() for end in ends),
        arrowprops={'arrowstyle': '->', 'color': '0.45', 'shrinkA': 0,
                    'shrinkB': 0, 'patchA': ends[1].get_bbox_patch(),
                    'patchB': ends[0].get_bbox_patch()},
      )  # fmt: skip
  axes.set_xlim(0, widest)
  axes.set_ylim(-0.6, len(rows) - 0.4)
  axes.axis('off')
  figure.savefig(path, metadata={'Date': None, 'Creator': None})


def _hung(rooms: Imports) -> list[list[str]]:
  """Each room directly under the lowest room that imports it.

  So arrows are short, and few of them cross another room.
  """
  drawn, height = direct(rooms), {}
  count = len(floors(rooms))
  for floor in reversed(floors(rooms)):
    for room in floor:
      users = [height[r] for r in drawn if room in drawn[r]]
      height[room] = min(users, default=count) - 1
  rows = [sorted(r for r in height if height[r] == y) for y in range(count)]
  return [row for row in rows if row]


def put(text: str, content: str) -> str:
  """Replaces what is between the marks of the page."""
  block = f'{BEGIN}\n{content}\n{END}'
  pattern = f'{re.escape(BEGIN)}.*?{re.escape(END)}'
  return re.sub(pattern, lambda _: block, text, flags=re.DOTALL)


def main() -> None:
  argparse.ArgumentParser(description=__doc__.split('\n')[0]).parse_args()
  rooms = imports()
  PAGE.write_text(put(PAGE.read_text('utf-8'), table(rooms)), 'utf-8')
  draw(rooms, DOCS / 'rooms.svg')


if __name__ == '__main__':
  main()
