"""Published numbers against ours, row by row."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from benchmarks import against
from benchmarks.against import Span
from benchmarks.multi_fashion import paper, presets, rules
from benchmarks.multi_fashion.ours import Ours, ranks_of
from benchmarks.multi_fashion.published import FASHION, Source

ByRecipe = Mapping[str, Ours]


class Compared(NamedTuple):
  """A published row against ours. Accuracies and gaps are in points.

  Attributes:
    source: key of `paper.SOURCES`; '' of a row that nobody has published.
    row: its name.
    mark: how the published number was obtained.
    published: as published.
    ours: left / right.
    accuracy: why accuracies themselves are not comparable.
    published_gap: to the base row; None of the base row itself.
    gap: ours, likewise.
    gap_verdict: `within`, `outside` or not comparable.
    published_rank: among the rows that both have.
    rank: ours.
    rank_verdict: likewise.
  """

  source: str
  row: str
  mark: str
  published: str
  ours: str
  accuracy: str
  published_gap: Span | None
  gap: Any
  gap_verdict: str
  published_rank: Span | None
  rank: Span | None
  rank_verdict: str


def followed(source: Source, trained: ByRecipe) -> str:
  """Returns the recipe that a source is compared with.

  Args:
    source: its own recipe is taken where it was trained, else the first.
    trained: our accuracies by recipe.
  """
  return source.recipe if source.recipe in trained else next(iter(trained))


def why(source: Source, recipe: str, size: presets.Size) -> str:
  """Returns why accuracies of a source cannot be expected here.

  The only pictures of Fashion-MNIST alone are those of Pareto MTL, which
  published pickles of them in place of their generator.
  """
  own = source.data == FASHION
  reasons = ['its generator was never published' if own else source.data]
  if source.model != model(recipe):
    reasons.append(source.model)
  elif source.recipe != recipe:
    reasons.append('another recipe')
  full = presets.PRESETS['full'].sizes[recipe]
  if size.pairs[0] < full.pairs[0]:
    reasons.append(f'{size.pairs[0]:,} pairs here')
  if size.epochs < full.epochs:
    word = 'epoch' if size.epochs == 1 else 'epochs'
    reasons.append(f'{size.epochs} {word} here')
  return ', '.join(reasons)


def model(recipe: str) -> str:
  """Returns the network of a recipe, as `Source.model` calls it."""
  return 'ResNet-18' if 'resnet' in recipe else 'LeNet'


def in_common(source: Source, ours: Ours) -> list[str]:
  """Returns the published rows that we have too, in the paper's order."""
  return [row for row in source.rows if row in ours.by_row]


def gap_of(source: Source, row: str) -> Span | None:
  """The published gap of a row to the base of its source.

  With intervals of both, those of independent means; else the range between
  the ends.
  """
  if row == source.base:
    return None
  own, base = source.rows[row], source.rows[source.base]
  if own.half is not None and base.half is not None:
    middle = own.mean.middle - base.mean.middle
    half = math.hypot(own.half, base.half)
    return Span(middle - half, middle + half)
  return Span(own.mean.low - base.mean.high, own.mean.high - base.mean.low)


def rows(key: str, trained: ByRecipe, size: presets.Size) -> list[Compared]:
  """Compares all rows of a source.

  Args:
    key: of `paper.SOURCES`.
    trained: our accuracies by recipe.
    size: of the recipe that the source is compared with.
  """
  source = paper.SOURCES[key]
  recipe = followed(source, trained)
  ours = trained[recipe]
  common = in_common(source, ours)
  published = ranks_of({row: source.rows[row].mean for row in common})
  mine = ours.ranks(common)
  accuracy = against.not_comparable(why(source, recipe, size))
  return [
    Compared(
      key,
      row,
      source.mark,
      source.rows[row].text,
      both(ours, row),
      accuracy,
      gap_of(source, row),
      None if row == source.base else ours.gap(row, source.base),
      _gap_verdict(source, recipe, ours, row),
      published[row],
      mine[row],
      rules.same_rank(mine[row], published[row], len(common)),
    )
    for row in common
  ]


def both(ours: Ours, row: str) -> str:
  """Our accuracies, left / right."""
  return ' / '.join(f'{x:.2f}' for x in ours.by_row[row].mean())


def unpublished(trained: ByRecipe) -> list[Compared]:
  """Returns a line for each of our rows that no source has."""
  known = {row for source in paper.SOURCES.values() for row in source.rows}
  first = next(iter(trained.values()))
  none = against.not_comparable('no published row')
  return [
    Compared('', row, '', '', both(first, row), none, None, None, none, None,
             None, none)
    for row in first.by_row if row not in known
  ]  # fmt: skip


def all_rows(
  trained: ByRecipe, sizes: Mapping[str, presets.Size]
) -> list[Compared]:
  """Compares all rows of all sources."""
  lines = []
  for key, source in paper.SOURCES.items():
    lines += rows(key, trained, sizes[followed(source, trained)])
  return lines + unpublished(trained)


def agreement(key: str, trained: ByRecipe) -> rules.Agreement:
  """Spearman's correlation of our mean accuracies with the published ones."""
  source = paper.SOURCES[key]
  ours = trained[followed(source, trained)]
  common = in_common(source, ours)
  return rules.agreement(
    [ours.mean(row).mean() for row in common],
    [source.rows[row].mean.middle for row in common],
  )


def _gap_verdict(source: Source, recipe: str, ours: Ours, row: str) -> str:
  if row == source.base:
    return ''
  if source.data != FASHION:
    return against.not_comparable(source.data)
  if source.model != model(recipe):
    return against.not_comparable(source.model)
  gap = ours.gap(row, source.base)
  return against.overlap(Span(gap.low, gap.high), gap_of(source, row))
