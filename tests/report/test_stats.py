"""Statistics against scipy, hand computation and published tables."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from mtl_jax.report import stats
from tests.report import published

RNG = np.random.default_rng(0)
CASES = list(published.cases())
NYU = published.NYU
HIGHER = [digit == '1' for digit in NYU['higher']]


def nyu(row: str, convention: str) -> float:
  values = published.numbers(NYU['rows'][row][0])
  base = published.numbers(NYU['base'])
  return stats.delta_m(values, base, HIGHER, NYU['groups'], convention)


def test_interval_is_scipys():
  values = RNG.normal(size=7)
  found = stats.interval(values)
  low, high = scipy_stats.t.interval(
    0.95, 6, values.mean(), scipy_stats.sem(values)
  )
  assert found == pytest.approx((values.mean(), values.std(ddof=1), low, high))


def test_one_value_has_a_mean_only():
  mean, *rest = stats.interval([2.0])
  assert mean == 2
  assert np.isnan(rest).all()
  assert np.isnan(stats.interval([])).all()


def test_paired_is_scipys():
  a, b = RNG.normal(size=(2, 9))
  found, scipys = stats.paired(a, b), scipy_stats.ttest_rel(a, b)
  interval = scipys.confidence_interval()
  assert found.p_value == pytest.approx(scipys.pvalue)
  assert found[1:3] == pytest.approx((interval.low, interval.high))


def test_nadeau_bengio_by_hand():
  # d = 1, 2, 3, 4: mean 2.5, s^2 = 5/3; variance 5/3 (1/4 + 1/4) = 5/6.
  found = stats.paired([2.0, 3, 4, 5], [1.0, 1, 1, 1], test_over_train=0.25)
  assert found.mean == 2.5
  assert found.p_value == pytest.approx(
    2 * scipy_stats.t.sf(2.5 / (5 / 6) ** 0.5, 3)
  )
  half = 3.182446305 * (5 / 6) ** 0.5
  assert found[1:3] == pytest.approx((2.5 - half, 2.5 + half))


def test_one_pair_is_no_test():
  mean, low, high, p_value = stats.paired([1.0], [0.5])
  assert mean == 0.5
  assert np.isnan([low, high]).all()
  assert p_value is None
  assert stats.paired([], []).p_value is None


def test_equal_values_are_no_difference():
  values = RNG.normal(size=5)
  assert stats.paired(values, values) == (0, 0, 0, 1)
  assert stats.paired(values, values * (1 + 1e-8)).p_value == 1


def test_a_constant_difference_is_tested_by_its_signs():
  # Three equal steps of accuracy are chance: 2 of 8 patterns of signs.
  found = stats.paired([0.75, 0.5, 0.25], [0.5, 0.25, 0.0])
  assert found == (0.25, 0.25, 0.25, 0.25)
  assert stats.paired(np.ones(10), np.zeros(10)).p_value == 2**-9


def test_equal_differences_of_resplits_are_fewer_signs():
  # Variance of the mean 1/4 + 1/4, as that of two independent values.
  a, b = np.full(4, 0.75), np.full(4, 0.5)
  assert stats.paired(a, b).p_value == 2**-3
  assert stats.paired(a, b, test_over_train=0.25).p_value == 0.5


@pytest.mark.parametrize('overlap', [None, 0.25])
def test_equivalent_where_the_90_percent_interval_lies_within(overlap):
  d = RNG.normal(0.1, 0.3, size=8)
  test = stats.one_sample(d, 1.0, overlap)
  t90, t95 = scipy_stats.t.ppf([0.95, 0.975], 7)
  edge = abs(test.mean) + (test.high - test.mean) * t90 / t95
  assert stats.equivalence(d, edge, 1.0, overlap) == pytest.approx(0.05)
  assert stats.equivalence(d, 1.1 * edge, 1.0, overlap) < 0.05
  assert stats.equivalence([0.1], 1.0, 1.0) is None


def test_the_interval_of_resplits_is_that_of_their_test():
  values = RNG.normal(size=7)
  test = stats.one_sample(values, 1.0, 0.25)
  assert stats.interval(values, 0.25)[2:] == pytest.approx(test[1:3])


def test_unpaired_values_are_refused():
  with pytest.raises(ValueError, match='differ in number'):
    stats.paired([1.0, 2.0], [1.0])


def test_holm_by_hand():
  # Sorted .01 .02 .03 .04 times 4 3 2 1: .04 .06 .06 .04, made monotone.
  found = stats.holm([0.04, None, 0.01, 0.03, 0.02])
  assert found == [0.06, None, 0.04, 0.06, pytest.approx(0.06)]
  assert stats.holm([0.9, 0.8]) == [1, 1]
  assert stats.holm([]) == []


def test_holm_keeps_the_order_of_p_values():
  p = RNG.uniform(size=30) ** 3
  adjusted = np.array(stats.holm(p.tolist()))
  assert (np.diff(adjusted[np.argsort(p)]) >= 0).all()
  assert (adjusted >= p).all()


@pytest.mark.parametrize(
  ('arguments', 'printed', 'tolerance'),
  [case[1:] for case in CASES],
  ids=[case[0] for case in CASES],
)
def test_published_delta_m(arguments, printed, tolerance):
  assert stats.delta_m(*arguments) == pytest.approx(printed, abs=tolerance)


def test_the_conventions_rank_two_methods_in_opposite_ways():
  assert nyu('LS', 'N') == pytest.approx(5.58933, abs=1e-5)
  assert nyu('LS', 'P') == pytest.approx(0.877879, abs=1e-5)
  assert nyu('MGDA', 'N') == pytest.approx(1.38305, abs=1e-5)
  assert nyu('MGDA', 'P') == pytest.approx(-1.65752, abs=1e-5)


def test_with_groups_of_one_size_only_the_sign_differs():
  for _, (values, base, higher, groups, _), *_ in CASES:
    if len({len(group) for group in groups}) == 1:
      p = stats.delta_m(values, base, higher, groups, 'P')
      n = stats.delta_m(values, base, higher, groups, 'N')
      assert p == pytest.approx(-n)


def test_delta_m_by_hand():
  # RMSE falls from 2 to 1.5: +25 %; AUC falls from .8 to .6: -25 %, and to
  # .7: -12.5 %.
  higher, groups = [False, True], [[0], [1]]
  assert stats.delta_m([1.5, 0.6], [2, 0.8], higher, groups) == pytest.approx(0)
  found = stats.delta_m([1.5, 0.7], [2, 0.8], higher, groups)
  assert found == pytest.approx(6.25)
  with pytest.raises(ValueError, match='convention'):
    stats.delta_m([1.0], [1.0], [True], [[0]], 'Q')


def test_paired_delta_m_has_the_mean_of_the_means():
  values, base = RNG.uniform(0.5, 1.5, size=(2, 6, 9))
  found = stats.paired_delta_m(values, base, HIGHER, NYU['groups'])
  expected = stats.delta_m(values.mean(0), base.mean(0), HIGHER, NYU['groups'])
  assert found.per_seed.mean() == pytest.approx(expected)


def test_paired_delta_m_carries_the_baselines_spread():
  base = np.array([[0.9], [1.1]])
  found = stats.paired_delta_m(np.ones((2, 1)), base, [True])
  assert found.per_seed == pytest.approx([10, -10])


def test_delta_m_is_refused_near_zero():
  values, base = np.ones((3, 2)), np.array([[1, 5e-4]] * 3)
  found = stats.paired_delta_m(values, base, [True, True], names=['a', 'b'])
  assert found.per_seed is None
  assert (
    found.reason == 'the baseline of b is 0.0005, nearer to zero than 0.001'
  )
  lower = stats.paired_delta_m(values, base, [True, True], near_zero=1e-4)
  assert lower.per_seed is not None
