"""Verdicts on made-up numbers."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from benchmarks import against
from benchmarks.against import OUTSIDE, WITHIN, Span
from benchmarks.multi_fashion import claims, compared, patterns, rules
from benchmarks.multi_fashion.ours import Ours, ranks_of
from benchmarks.multi_fashion.presets import PRESETS, ROWS
from benchmarks.multi_fashion.rules import FAILS, HOLDS, OPEN
from mtl_jax.report import stats

CPU = PRESETS['cpu'].sizes['kurin']
SEEDS = 8


def made(**levels):
  """Accuracies around levels; what the seeds have in common cancels."""
  draw = np.random.default_rng(0)
  common = draw.normal(size=(SEEDS, 2))
  levels = dict.fromkeys(ROWS, 80.0) | levels
  return Ours(
    {
      row: pd.DataFrame(
        level + common + 0.05 * draw.normal(size=(SEEDS, 2)),
        columns=['left', 'right'],
      )
      for row, level in levels.items()
    },
    None,
  )


def verdict(text, ours):
  claim = next(c for c in patterns.CLAIMS if c.text.startswith(text))
  return claims.judge(claim, {'kurin': ours}).verdict


def test_intervals_and_ranges_decide():
  claimed = Span(0, math.inf)
  assert rules.decide(Span(1, 2), Span(0.5, 2.5), claimed) == HOLDS
  assert rules.decide(Span(-1, 2), Span(-2, 3), claimed) == OPEN
  assert rules.decide(Span(-2, -1), Span(-3, -0.5), claimed) == FAILS
  # Only before the correction is the whole interval outside.
  assert rules.decide(Span(-2, -1), Span(-3, 0.5), claimed) == OPEN
  unknown = Span(math.nan, math.nan)
  assert rules.decide(unknown, unknown, claimed) == OPEN
  assert rules.together([HOLDS, OPEN, FAILS]) == FAILS
  assert rules.together([HOLDS, OPEN]) == OPEN
  assert rules.together([]) == OPEN


def test_what_has_a_point_in_common_is_within():
  assert against.overlap(Span(1, 2), Span(2, 3)) == WITHIN
  assert against.overlap(Span(1, 2), Span(2.1, 3)) == OUTSIDE
  alone = against.overlap(Span(math.nan, math.nan), Span(0, 1))
  assert alone == 'not comparable (one run has no interval)'
  assert rules.same_rank(Span(1, 2), Span(2, 4), 4) == WITHIN
  assert rules.same_rank(Span(1, 1), Span(2, 4), 4) == OUTSIDE
  assert 'open in ours' in rules.same_rank(Span(1, 4), Span(1, 1), 4)


def test_an_interval_is_that_of_the_reports():
  values = [1.0, 2.0, 4.0]
  for overlap in (None, 0.5):
    known = stats.interval(values, overlap)
    span = against.of_mean(values, overlap)(stats.LEVEL)
    assert span == pytest.approx((known.low, known.high))


def test_a_ratio_of_spreads_has_the_interval_of_fisher():
  own, other = [0.0, 4.0, 8.0, 4.0], [0.0, 1.0, 2.0]
  ratio, interval = rules.of_ratio(own, [other, other])
  assert ratio == pytest.approx((np.var(own, ddof=1) / 1.0) ** 0.5)
  # The interval excludes 1 where the test of equal variances rejects.
  p_value = scipy_stats.f.sf(ratio**2, 3, 4)
  assert interval(1 - 2 * p_value).low == pytest.approx(1.0)


def test_orders_are_compared_by_all_permutations():
  same = rules.agreement([1, 2, 3, 4], [10, 20, 30, 40])
  assert same == pytest.approx((1.0, 1 / math.factorial(4)))
  assert rules.agreement([4, 3, 2, 1], [1, 2, 3, 4]).rho == pytest.approx(-1)


def test_patterns_hold_where_they_are_true():
  low = made(graddrop=78, rlw_normal=78, rlw_dirichlet=78)
  assert verdict('GradDrop and RLW are lowest', low) == HOLDS
  assert verdict('No balancer beats', low) == HOLDS
  assert verdict('MGDA is near', low) == HOLDS
  turned = made(graddrop=82, rlw_normal=82, rlw_dirichlet=82, mgda=75)
  assert verdict('GradDrop and RLW are lowest', turned) == FAILS
  assert verdict('No balancer beats', turned) == FAILS
  assert verdict('MGDA is near', turned) == FAILS


def test_a_row_that_failed_leaves_its_patterns_undecided():
  ours = made()
  del ours.by_row['rlw_normal']
  assert verdict('GradDrop and RLW are lowest', ours) == OPEN
  assert verdict('MGDA is near', ours) == HOLDS


def test_gaps_count_on_the_same_data_and_ranks_on_all():
  ours = made(mgda=79.1, uncertainty=77, gradnorm=77.5, equal=70)
  lines = {
    r.row: r for r in compared.rows('pareto_fashion', {'kurin': ours}, CPU)
  }
  assert lines['mgda'].gap_verdict == WITHIN
  assert lines['equal'].gap_verdict == OUTSIDE
  assert lines['mgda'].rank_verdict == WITHIN
  assert 'its generator was never published' in lines['single'].accuracy
  assert '20,000 pairs here' in lines['single'].accuracy
  other = compared.rows('sener_koltun', {'kurin': ours}, CPU)
  assert other[-1].gap_verdict == 'not comparable (Multi-MNIST)'
  assert other[-1].rank_verdict == OUTSIDE  # published above single


def test_ranks_are_those_that_intervals_leave_open():
  spans = {'a': Span(5, 6), 'b': Span(3, 5.5), 'c': Span(1, 2)}
  assert ranks_of(spans) == {'a': (1, 2), 'b': (1, 2), 'c': (3, 3)}
  ours = made(single=81.0, equal=79.0)
  ranks = ours.ranks(['single', 'equal', 'mgda', 'pcgrad'])
  assert ranks['single'] == (1, 1)
  assert ranks['equal'] == (4, 4)
  assert ranks['mgda'][0] == 2
