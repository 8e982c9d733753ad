"""Figures inside a page: an SVG as an element of it, or a PNG."""

import base64
import re
import struct
from typing import NamedTuple

from markupsafe import Markup, escape

from mtl_jax.report import drawing

CSS_DPI = 96
# Ink that depends on the page: text and frames, paper, pale lines, and a blue
# that is too dark for the dark.
_INK = {
  '#000000': 'currentColor',
  '#ffffff': 'var(--back)',
  '#dddddd': 'var(--rule)',
  '#999999': 'var(--soft)',
  '#0072b2': 'var(--blue)',
}


class Picture(NamedTuple):
  """A figure: its name, caption, text alternative, and SVG or PNG source.

  `width` is in CSS pixels.
  """

  name: str
  caption: str
  text: str
  svg: Markup | str
  png: str
  width: int


def make(name: str, content: bytes, caption: str, text: str) -> Picture:
  """Makes a picture of a file.

  Args:
    name: of the figure.
    content: of the file, SVG or PNG.
    caption: that stands below it.
    text: its alternative: what it shows, with numbers.
  """
  title = name.replace('_', ' ')
  if content.startswith(b'\x89PNG'):
    # The width stands behind the signature and the head of the first chunk.
    (pixels,) = struct.unpack('>I', content[16:20])
    width = round(pixels * CSS_DPI / drawing.DPI)
    return Picture(title, caption, text, '', _source(content), width)
  return Picture(title, caption, text, _inline(content.decode(), text), '', 0)


def _inline(svg: str, text: str) -> Markup:
  """An SVG file as an element of the page, in the colours of the page."""
  svg = svg[svg.index('<svg') :]
  svg = re.sub(r'<metadata>.*?</metadata>', '', svg, flags=re.DOTALL)
  # HTML needs no namespaces; ids of groups would stand twice on a page.
  svg = re.sub(r' xmlns(:\w+)?="[^"]*"', '', svg)
  svg = re.sub(r'<g id="[^"]*"', '<g', svg)
  for colour, ink in _INK.items():
    svg = svg.replace(colour, ink)
  return Markup(
    svg.replace('<svg', f'<svg role="img" aria-label="{escape(text)}"', 1)
  )


def _source(png: bytes) -> str:
  return f'data:image/png;base64,{base64.b64encode(png).decode()}'
