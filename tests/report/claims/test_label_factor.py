"""Factors of labels are found where the truth is known."""

import numpy as np
import pytest

from mtl_jax.report import stats
from mtl_jax.report.claims.claimed import HOLDS
from mtl_jax.report.claims.labels import label_curves, label_factor, label_rows

SHARES = 0.02, 0.05, 0.1, 0.25, 0.5, 1.0
TABLES = 200


def rising(shares):
  """A learning curve: an error that falls as a power of the labels."""
  return -10 * np.asarray(shares) ** -0.3


def qualities(rng, *factors, seeds=10, noise=2.0, shares=SHARES, overlap=0.0):
  """Of `single` and of schemes `[seeds, shares]`; splits are paired.

  Noise of resplits that overlap has a part that all seeds have in common.
  """
  split = 3 * rng.normal(size=(seeds, 1))

  def drawn(factor):
    size = (seeds, len(shares))
    common = overlap**0.5 * rng.normal(size=(1, len(shares)))
    own = (1 - overlap) ** 0.5 * rng.normal(size=size)
    return rising(np.multiply(shares, factor)) + split + noise * (own + common)

  return [drawn(factor) for factor in (1.0, *factors)]


def setting(gains, shares=SHARES, overlap=None, name='all scarce'):
  alone, *others = gains
  named = {'single': alone} | {f's{i}': own for i, own in enumerate(others)}
  counts = tuple(int(1000 * share) for share in shares)
  seeds = tuple(range(len(alone)))
  return label_curves.Setting(
    name, 'Δm', (), shares, counts, {}, seeds, named, overlap
  )


@pytest.mark.parametrize('true', [1.0, 2.0])
def test_intervals_hold_the_true_factor_in_95_percent_of_tables(true):
  rng = np.random.default_rng(0)
  found = [
    label_factor.of_all(SHARES, *qualities(rng, true)) for _ in range(TABLES)
  ]
  held = np.mean([one.low <= true <= one.high for one in found])
  # Two and a half standard errors of a share of .95.
  assert abs(held - 0.95) < 0.04
  assert np.median([f.estimate for f in found]) == pytest.approx(true, rel=0.05)


@pytest.mark.parametrize('overlap', [None, 0.25])
def test_copies_of_single_are_said_to_need_fewer_labels_in_at_most_5_percent(
  overlap,
):
  rng = np.random.default_rng(1)
  # Seeds whose noise correlates by rho have n_test / n_train = rho / (1 - rho).
  rho = overlap / (1 + overlap) if overlap else 0.0
  tables = [
    label_rows.make(
      [setting(qualities(rng, 1, 1, 1, overlap=rho), overlap=overlap)]
    )
    for _ in range(TABLES)
  ]
  held = [any(row.verdict == HOLDS for row in table) for table in tables]
  assert np.mean(held) <= 0.05


def test_the_test_of_one_is_the_paired_test_of_the_mean_over_shares():
  alone, own = qualities(np.random.default_rng(2), 1.3)
  found = label_factor.of_all(SHARES, alone, own, 0.25)
  means = own[:, :-1].mean(1), alone[:, :-1].mean(1)
  assert found.p_value == pytest.approx(stats.paired(*means, 0.25).p_value)


def test_the_same_numbers_have_a_factor_of_one():
  (alone,) = qualities(np.random.default_rng(3))
  found = label_factor.of_all(SHARES, alone, alone)
  assert found.estimate == pytest.approx(1)
  assert found.low <= 1 <= found.high


def test_units_do_not_matter():
  alone, own = qualities(np.random.default_rng(4), 2)
  one = label_factor.of_all(SHARES, alone, own)
  other = label_factor.of_all(SHARES, 7 * alone + 3, 7 * own + 3)
  np.testing.assert_allclose(one[:3], other[:3])


def test_what_single_never_reaches_is_at_the_bound():
  alone, _ = qualities(np.random.default_rng(5), 1)
  found = label_factor.of_share(SHARES, alone, alone + 100, 3)
  assert found.bounds == pytest.approx((0.02 / 0.25, 1 / 0.25))
  assert found.estimate == found.high == pytest.approx(4)
  worst = label_factor.of_share(SHARES, alone, alone - 100, 0)
  assert worst.estimate == worst.low == pytest.approx(1)


def test_where_labels_are_worth_nothing_no_factor_is_rejected():
  rng = np.random.default_rng(6)
  alone, own = rng.normal(size=(2, 10, 6))
  found = label_factor.of_all(SHARES, alone, own)
  assert (found.low, found.high) == pytest.approx((0.02, 50))
  assert found.p_equivalent > 0.05
  flat = label_factor.of_all(SHARES, 0 * alone, own)
  assert flat.detectable() == np.inf


def test_one_share_is_enough_and_one_seed_is_not():
  shares = 0.1, 1.0
  rng = np.random.default_rng(7)
  alone, own = qualities(rng, 2, shares=shares, noise=0.1)
  found = label_factor.of_all(shares, alone, own)
  # Between two shares the curve is straight, which bends the factor.
  assert 1.5 < found.low < found.high < 2.5
  one = label_factor.of_all(shares, alone[:1], own[:1])
  assert np.isnan([one.low, one.high, one.detectable()]).all()
  assert (one.p_value, one.p_equivalent) == (None, None)


def test_what_is_detectable_is_shown_in_80_percent_of_tables():
  rng = np.random.default_rng(8)
  wanted = np.median(
    [
      label_factor.of_all(SHARES, *qualities(rng, 1)).detectable()
      for _ in range(50)
    ]
  )
  tables = [
    label_factor.of_all(SHARES, *qualities(rng, wanted)) for _ in range(TABLES)
  ]
  assert 0.7 < np.mean([one.p_value < 0.05 for one in tables]) < 0.9


def test_equivalence_is_shown_where_curves_are_sharp():
  rng = np.random.default_rng(9)
  tables = [setting(qualities(rng, 1, 2, noise=0.1)) for _ in range(2)]
  same, twice = label_rows.make(tables)[:2]
  assert same.p_same < 0.05
  assert twice.p_same > 0.05
  assert twice.verdict == HOLDS
