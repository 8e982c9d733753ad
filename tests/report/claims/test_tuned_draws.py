"""The claim on tuning: draws that are needed, and copies, simulated."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binom

from mtl_jax.report.claims import draws_needed, tuned_draws
from mtl_jax.report.claims.claimed import FAILS, HOLDS
from mtl_jax.report.claims.draws_needed import Spread
from tests.report.claims import drawn

REPEATS = 200
MOST = binom.ppf(0.999, REPEATS, 0.05) / REPEATS
BASE = drawn.cell('single', np.zeros((6, 3)))


def test_draws_needed_are_the_mean_over_all_orders():
  scores = np.array([3.0, 1.0, 1.005, 9.0, math.inf])
  first = [
    1 + min(order.index(1), order.index(2))
    for order in itertools.permutations(range(5))
  ]
  assert draws_needed.needed(scores) == pytest.approx(np.mean(first))
  assert draws_needed.needed(np.ones(7)) == 1
  assert draws_needed.needed(np.arange(1.0, 17.0)) == 17 / 2
  assert math.isnan(draws_needed.needed(np.full(2, math.inf)))
  # Also where the score is below zero, as of a metric with its sign turned.
  assert draws_needed.needed(np.array([-1.0, -0.995, 0.0])) == 4 / 3


def test_copies_hold_in_5_percent_at_most():
  rng = np.random.default_rng(0)
  count = 0
  for _ in range(REPEATS):
    spreads = {}
    for name in ('single', 'hard', 'mmoe', 'mtan'):
      # Settings differ, by as much in every row; so does luck.
      common = drawn.overlapping(rng, 6, 12, 0.02)
      scores = 0.9 + common + np.abs(rng.normal(size=12)) / 20
      needed = np.array([draws_needed.needed(own) for own in scores])
      spreads[name] = Spread(*[needed] * 4)
    found = tuned_draws._findings(spreads, BASE)
    count += any(one.verdict == HOLDS for one in found)
  assert count / REPEATS <= MOST


def drawn_rows(rng, wide, count=20):
  """Of `hard` the first draw is better than all others by a share."""

  def draws(spread):
    # About nine of ten draws are within 1 % of the best.
    return [
      (drawn.overlapping(rng) - 0.1 * spread * (d > 0),
       0.9 * (1 + spread * (d > 0) + 0.011 * rng.uniform(size=6)))
      for d in range(count)
    ]  # fmt: skip

  return [drawn.row('single', draws(0.0)), drawn.row('hard', draws(wide))]


def test_a_scheme_with_one_good_draw_needs_more(tmp_path):
  answer = tuned_draws.answer(drawn_rows(np.random.default_rng(0), 0.3))
  assert answer.verdict == HOLDS
  (main,) = [one for one in answer.findings if one.verdict]
  own = {(one.row, one.what): one.estimate for one in answer.findings}
  alone = own['single', 'draws to its own best']
  assert 1 <= alone < 1.3
  assert own['hard', 'draws to its own best'] == 21 / 2
  assert main.estimate == pytest.approx(21 / 2 / alone, rel=0.01)
  assert own['hard', tuned_draws.SPREADS['behind'][0]] > 25
  assert own['hard', tuned_draws.SPREADS['gained'][0]] > 1
  answer.draw(tmp_path / 'claim.png')
  assert (tmp_path / 'claim.png').stat().st_size > 1000


def test_a_copy_of_single_needs_as_many():
  answer = tuned_draws.answer(drawn_rows(np.random.default_rng(0), 0.0))
  assert answer.verdict == FAILS
  assert 'as many' in answer.sentence
