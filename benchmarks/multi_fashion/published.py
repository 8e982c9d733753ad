"""What a published accuracy says of itself: its spread and its mark.

Accuracies are in percent. `[seen]` was read in the paper's text or table;
`[digitised]` was read off a vector figure by coordinates, to 0.1 point.
"""

from collections.abc import Mapping
from typing import NamedTuple

from benchmarks.against import Span

SEEN, DIGITISED = '[seen]', '[digitised]'
FASHION = 'Multi-Fashion'


class Value(NamedTuple):
  """A row of a published table.

  Attributes:
    text: as published, left / right or the mean of both.
    mean: accuracy of both tasks on average, with what is known of its spread:
      the interval, or the range of runs, at least the rounding.
    half: half the width of a 95 % interval of the mean; None where the paper
      has no interval.
  """

  text: str
  mean: Span
  half: float | None = None


class Source(NamedTuple):
  """A published table or figure.

  Attributes:
    name: for people.
    data: the data set.
    model: the network.
    recipe: of `presets.RECIPES`, the one that follows it.
    mark: how the numbers were obtained.
    spread: what the numbers say of their own spread.
    base: the row that gaps are measured to.
    rows: by the name of the row in this benchmark.
  """

  name: str
  data: str
  model: str
  recipe: str
  mark: str
  spread: str
  base: str
  rows: Mapping[str, Value]


def mean_of(percent: float, half: float) -> Value:
  """A published mean of both tasks with its 95 % interval."""
  span = Span(percent - half, percent + half)
  return Value(f'{percent:.2f} ± {half:.2f}', span, half)


def pair(left: str, right: str, rounding: float) -> Value:
  """Published accuracies of both tasks, each one number or a range of runs.

  Args:
    left: such as '80.9' or '79.3-80.1'.
    right: likewise.
    rounding: half the last digit, or the error of reading a figure.

  Returns:
    The value. A range of the mean joins both low ends and both high ends, so
    that it is wide enough whatever runs belong together.
  """
  ends = [[float(x) for x in text.split('-')] for text in (left, right)]
  low, high = (sum(own[i] for own in ends) / 2 for i in (0, -1))
  span = Span(low - rounding, high + rounding)
  return Value(f'{left} / {right}'.replace('-', '–'), span)


def digitised(**rows: str) -> dict[str, Value]:
  """Rows that were read off a figure, 'left right'."""
  return {name: pair(*text.split(), 0.1) for name, text in rows.items()}


def seen(**rows: str) -> dict[str, Value]:
  """Rows of a table with two decimals, 'left right'."""
  return {name: pair(*text.split(), 0.005) for name, text in rows.items()}
