"""Published accuracies as in their tables, and what patterns say of them."""

import math

import pytest

from benchmarks.against import Span
from benchmarks.multi_fashion import claims, compared, paper, patterns, presets


def middle(source, row):
  return paper.SOURCES[source].rows[row].mean.middle


def test_means_are_those_of_the_tables():
  assert middle('kurin', 'graddrop') == pytest.approx(93.47)
  assert middle('sener_koltun', 'mgda') == pytest.approx((97.26 + 95.90) / 2)
  # Two ranges: 79.3 to 80.1 left, 78.7 to 80.2 right, each read to 0.1.
  mgda = paper.SOURCES['pareto_fashion'].rows['mgda']
  assert mgda.mean == pytest.approx((79.0 - 0.1, 80.15 + 0.1))
  assert mgda.text == '79.3–80.1 / 78.7–80.2'
  assert {s.mark for s in paper.SOURCES.values()} == {'[seen]', '[digitised]'}


def test_every_row_and_base_is_one_of_ours():
  for source in paper.SOURCES.values():
    assert {source.base, *source.rows} <= {*presets.ROWS}
    assert {*source.rows} <= {*presets.TRAINED[source.recipe]}


def test_a_published_gap_has_the_spread_of_both_rows():
  gap = compared.gap_of(paper.SOURCES['kurin'], 'imtl')
  half = math.hypot(0.25, 0.44)
  assert gap == pytest.approx((0.11 - half, 0.11 + half))
  gap = compared.gap_of(paper.SOURCES['pareto_fashion'], 'mgda')
  assert gap == pytest.approx((78.9 - 80.55, 80.25 - 80.35))
  assert compared.gap_of(paper.SOURCES['kurin'], 'equal') is None


@pytest.mark.parametrize('claim', patterns.CLAIMS, ids=lambda c: c.text)
def test_patterns_are_true_of_the_published_numbers(claim):
  rows, others = claim.rows, claim.others
  own = [middle(claim.source, row) for row in rows]
  there = [middle(claim.source, row) for row in others]
  gaps = [a - b for a in own for b in there]
  if claim.parts is claims.more_variable:
    published = paper.SOURCES[claim.source].rows
    widest = max(published[row].half for row in others)
    assert all(published[row].half > widest for row in rows)
    return
  claimed = {
    claims.above: Span(0, math.inf),
    claims.below: Span(-math.inf, 0),
    claims.below_mean: Span(-math.inf, 0),
    claims.near: Span(-claims.NEAR, claims.NEAR),
    claims.not_beaten: Span(-math.inf, claims.MARGIN),
  }[claim.parts]
  if claim.parts is claims.below_mean:
    gaps = [a - sum(there) / len(there) for a in own]
  assert all(claimed.low < gap < claimed.high for gap in gaps)
  assert all(row in claim.published for row in (*rows, *others))
