"""The statistics over data sets, against published numbers and definitions."""

import itertools

import numpy as np
import pytest
from scipy import stats as distributions

from mtl_jax.report.joined import hierarchical, improvement, mean_ranks

# Demsar, JMLR 7, 2006, table 6: AUC of C4.5, with m, with cf, with both.
DEMSAR = np.array([
  [0.763, 0.768, 0.771, 0.798],
  [0.599, 0.591, 0.590, 0.569],
  [0.954, 0.971, 0.968, 0.967],
  [0.628, 0.661, 0.654, 0.657],
  [0.882, 0.888, 0.886, 0.898],
  [0.936, 0.931, 0.916, 0.931],
  [0.661, 0.668, 0.609, 0.685],
  [0.583, 0.583, 0.563, 0.625],
  [0.775, 0.838, 0.866, 0.875],
  [1.000, 1.000, 1.000, 1.000],
  [0.940, 0.962, 0.965, 0.962],
  [0.619, 0.666, 0.614, 0.669],
  [0.972, 0.981, 0.975, 0.975],
  [0.957, 0.978, 0.946, 0.970],
])  # fmt: skip
# Trials of the BCG vaccine: cases and others, vaccinated and not (Colditz et
# al., JAMA 271, 1994), which metafor and its papers take as their example.
BCG = np.array([
  [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209],
  [62, 13536, 248, 12619], [33, 5036, 47, 5761], [180, 1361, 372, 1079],
  [8, 2537, 10, 619], [505, 87886, 499, 87892], [29, 7470, 45, 7232],
  [17, 1699, 65, 1600], [186, 50448, 141, 27197], [5, 2493, 3, 2338],
  [27, 16886, 29, 17825],
], float)  # fmt: skip


def test_demsars_example():
  ranked = mean_ranks.ranks(DEMSAR)
  # The table was ranked with more digits than it prints: voting has no tie.
  ranked[12] = 4, 1, 2, 3
  np.testing.assert_allclose(
    ranked.mean(0), [3.143, 2.000, 2.893, 1.964], atol=6e-4
  )
  test = mean_ranks.friedman(ranked)
  assert test.chi2 == pytest.approx(9.28, abs=0.005)
  assert test.f == pytest.approx(3.69, abs=0.005)
  # By permutation, and by scipy's chi^2 with a correction for ties.
  expected = distributions.friedmanchisquare(*-ranked.T).pvalue
  assert test.p_value == pytest.approx(expected, abs=0.004)
  assert mean_ranks.critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)


def test_critical_values_are_those_of_the_table():
  """Demsar 2006, table 5 (a), q of .05 for 2 to 10 classifiers."""
  table = (1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164)
  for k, q in enumerate(table, 2):
    unit = (k * (k + 1) / 6) ** 0.5
    assert mean_ranks.critical_difference(k, 1) / unit == pytest.approx(
      q, abs=1.1e-3
    )


def test_three_data_sets_that_agree_have_their_exact_p_value():
  """One of the 3! orders squared."""
  ranked = np.tile([1.0, 2.0, 3.0], (3, 1))
  test = mean_ranks.friedman(ranked)
  assert test.f == np.inf
  assert test.p_value == pytest.approx(1 / 36, abs=0.005)


def test_groups_are_the_longest():
  means = np.array([1.0, 1.4, 2.2, 4.0])
  assert mean_ranks.groups(means, 1.3) == [(0, 2)]
  assert mean_ranks.groups(means, 1.0) == [(0, 1), (1, 2)]
  assert mean_ranks.groups(means, 0.1) == []


@pytest.mark.parametrize(('tests', 'sets'), [(1, 6), (6, 8)])
def test_fewer_data_sets_can_show_nothing(tests, sets):
  assert mean_ranks.sets_needed(tests) == sets
  for n, shown in ((sets - 1, False), (sets, True)):
    p_value = mean_ranks.signed_rank(np.arange(1.0, n + 1))
    assert p_value == pytest.approx(mean_ranks.smallest_p(n))
    assert (tests * p_value < 0.05) == shown


def test_the_vaccine_example():
  """metafor's `rma(yi, vi, test='knha')`: REML, Hartung and Knapp."""
  a, b, c, d = BCG.T
  effects = np.log(a / (a + b)) - np.log(c / (c + d))
  variances = 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
  found = hierarchical.estimate(effects, variances**0.5)
  assert found.tau**2 == pytest.approx(0.3132, abs=5e-5)
  assert found.mean == pytest.approx(-0.7145, abs=5e-5)
  assert (found.low, found.high) == pytest.approx((-1.1084, -0.3206), abs=5e-5)
  assert found.p_value == pytest.approx(0.0019, abs=5e-5)
  # Wider than that of the mean by what data sets differ in.
  assert found.new_low < found.low - found.tau


def test_equal_data_sets_have_no_variance_between_them():
  """Then weights are those of a fixed effect, and errors are not shrunk."""
  found = hierarchical.estimate(np.array([1.0, 1.0]), np.array([0.3, 0.4]))
  assert (found.mean, found.tau) == (1.0, 0.0)
  error = (1 / (1 / 0.09 + 1 / 0.16)) ** 0.5
  assert found.high - 1 == pytest.approx(12.706 * error, rel=1e-4)
  assert found.new_high == np.inf


def test_the_interval_covers_a_null_effect_of_three_data_sets():
  rng = np.random.default_rng(0)
  missed = sum(
    hierarchical.estimate(rng.normal(0, 1, 3), np.full(3, 0.5)).p_value < 0.05
    for _ in range(400)
  )
  assert missed <= 400 * 0.05 + 2 * (400 * 0.05 * 0.95) ** 0.5


def pair(rng, n, overlap=0.0):
  return improvement.Pair(
    rng.integers(0, 4, n) / 2.0, rng.integers(0, 4, n) / 2.0, overlap
  )


def test_probability_of_improvement_is_its_definition():
  """Equation of section 4.3: all pairs of runs, ties one half."""
  rng = np.random.default_rng(0)
  pairs = [pair(rng, 5), pair(rng, 7)]
  wins = [
    np.mean([(x > y) + (x == y) / 2 for x, y in itertools.product(*p[:2])])
    for p in pairs
  ]
  assert improvement.of_any_runs(pairs).value == pytest.approx(np.mean(wins))
  same = [np.mean((p.own > p.base) + (p.own == p.base) / 2) for p in pairs]
  assert improvement.on_same_split(pairs).value == pytest.approx(np.mean(same))


def test_the_bootstrap_is_that_of_every_sample():
  """Two data sets of three seeds: 27 samples each, all of them enumerated."""
  wins = np.array([1.0, 0.0, 1.0]), np.array([1.0, 1.0, 0.0])
  pairs = [improvement.Pair(w, np.full(3, 0.5)) for w in wins]
  every = [[w[list(i)].mean() for i in itertools.product(range(3), repeat=3)]
           for w in wins]  # fmt: skip
  means = [np.mean(both) for both in itertools.product(*every)]
  low, high = np.percentile(means, (2.5, 97.5))
  # Never narrower than Wilson's interval, here of 4 of 6.
  least = distributions.binomtest(4, 6).proportion_ci(method='wilson')
  expected = min(low, least.low), max(high, least.high)
  found = improvement.on_same_split(pairs)
  assert found[1:] == pytest.approx(expected, abs=0.01)


def test_few_runs_that_all_win_prove_little():
  pairs = [improvement.Pair(np.ones(3), np.zeros(3))]
  least = distributions.binomtest(3, 3).proportion_ci(method='wilson')
  for estimate in (improvement.on_same_split, improvement.of_any_runs):
    assert estimate(pairs) == pytest.approx((1, least.low, 1))


def test_overlap_widens_an_interval_as_it_does_a_t_interval():
  rng = np.random.default_rng(1)
  own, base = rng.normal(size=(2, 8))
  for estimate in (
    improvement.on_same_split,
    improvement.of_any_runs,
    improvement.interquartile_mean,
  ):
    plain, wide = (
      estimate([improvement.Pair(own, base, r)]) for r in (0.0, 0.375)
    )
    if estimate is improvement.interquartile_mean:
      assert wide.high - wide.low == pytest.approx(2 * (plain.high - plain.low))
    assert wide.low <= plain.low <= plain.high <= wide.high


def test_the_interquartile_mean_is_scipys():
  values = np.random.default_rng(0).normal(size=(2, 11))
  expected = distributions.trim_mean(values, 0.25, axis=1)
  np.testing.assert_allclose(improvement.middle_half(values), expected)
