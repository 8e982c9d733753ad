"""A table of text as a page shows it: marks in words, keys to sort by."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from mtl_jax.report import stats
from mtl_jax.report.layout import MARKS, SMALLEST, Table

SIGNS = {word: sign.strip() for word, sign in MARKS.items()}
SIGNS[stats.UNDECIDED] = '○'
_UNITS = {'': 1.0, 'k': 1e3, 'M': 1e6, 'G': 1e9, 'T': 1e12, 'P': 1e15}
_NUMBER = re.compile(r'([+-]?\d[\d.]*(?:e[+-]?\d+)?)([kMGTP]?)(?![\w.])')


class Entry(NamedTuple):
  """One entry of a table.

  Attributes:
    text: without its mark.
    verdict: 'better', ...; '' without a mark.
    mark: the sign that stands for the verdict.
    value: to sort by; None where the text is no number.
  """

  text: str
  verdict: str = ''
  mark: str = ''
  value: float | None = None


class Line(NamedTuple):
  """One row: its name, its verdict if it has one, and its entries."""

  name: str
  verdict: str
  entries: list[Entry]


class Grid(NamedTuple):
  """A table of a page.

  Attributes:
    header: names of the columns, that of the row names first.
    body: rows that are sorted and filtered.
    foot: rows that stay below.
    verdicts: that any row has, in order.
  """

  header: list[str]
  body: list[Line]
  foot: list[Line]
  verdicts: list[str]


def of_table(table: Table, verdicts: Mapping[str, str] | None = None) -> Grid:
  """Prepares a table for a page.

  Args:
    table: strings.
    verdicts: by the name of a row, where rows have one.

  Returns:
    The same texts; the row of the smallest differences is in the foot.
  """
  known = verdicts or {}
  lines = [
    Line(name, known.get(name, ''), [entry(text) for text in rest])
    for name, *rest in table.body
  ]
  seen = {line.verdict for line in lines}
  return Grid(
    table.header,
    [line for line in lines if line.name != SMALLEST],
    [line for line in lines if line.name == SMALLEST],
    [word for word in SIGNS if word in seen],
  )


def entry(text: str) -> Entry:
  """Splits a text such as `0.71 ± 0.02 ▲` and finds its number."""
  for verdict, mark in MARKS.items():
    if text.endswith(mark):
      plain = text.removesuffix(mark)
      return Entry(plain, verdict, mark.strip(), _value(plain))
  return Entry(text, value=_value(text))


def _value(text: str) -> float | None:
  found = _NUMBER.match(text)
  return float(found[1]) * _UNITS[found[2]] if found else None
