"""Which glyphs meet in a picture, one function per published rule.

`rule(labels, rows, count, words) -> (left, right)`: `labels` are the classes
of all glyphs, `rows` the glyphs to choose from, in random order, and `words`
uint64 `[max(count, rows), 2]` are random; left and right are the glyphs of
`count` pictures. A smaller count gives the first pictures of a larger one.
"""

import numpy as np
from jaxtyping import Integer, UInt64

Labels = Integer[np.ndarray, 'glyphs']
Rows = Integer[np.ndarray, 'rows']
Words = UInt64[np.ndarray, 'words 2']
Pairs = tuple[Integer[np.ndarray, 'pictures'], Integer[np.ndarray, 'pictures']]


def each_once(labels: Labels, rows: Rows, count: int, words: Words) -> Pairs:
  """Each glyph is left once, beside any glyph, itself not excluded."""
  del labels
  return rows[:count], rows[_below(words[:count, 1], len(rows))]


def permuted(labels: Labels, rows: Rows, count: int, words: Words) -> Pairs:
  """Each glyph is left once and right once."""
  del labels
  order = np.argsort(words[: len(rows), 1], kind='stable')
  return rows[:count], rows[order[:count]]


def any_two(labels: Labels, rows: Rows, count: int, words: Words) -> Pairs:
  """Two different glyphs, both drawn with replacement."""
  del labels
  left = _below(words[:count, 0], len(rows))
  right = _below(words[:count, 1], len(rows) - 1)
  return rows[left], rows[right + (right >= left)]


def other_class(labels: Labels, rows: Rows, count: int, words: Words) -> Pairs:
  """Each glyph is left, then each again, beside glyphs of another class."""
  left = np.resize(rows, count)
  ordered = rows[np.argsort(labels[rows], kind='stable')]
  classes = labels[ordered]
  # Those of the left glyph's class are neighbours: draw among the others and
  # step over them.
  start = np.searchsorted(classes, labels[left])
  end = np.searchsorted(classes, labels[left], side='right')
  right = _below(words[:count, 1], len(rows) - (end - start))
  return left, ordered[right + (right >= start) * (end - start)]


def _below(words, bound) -> Integer[np.ndarray, '_']:
  return (words % np.asarray(bound, np.uint64)).astype(np.int64)
