"""Shares of variance and orders against known truths, simulated."""

import numpy as np
import pytest

from mtl_jax.report.grid import factorial, orders, seed_pairs, variance

FACTORS = ('optimizer', 'scheme', 'balancer')
OPTIMIZERS = np.array([-1.0, 1.0])[:, None, None]  # mean square 1
SCHEMES = np.array([-3.0, 0.0, 3.0])[:, None]  # mean square 6
BALANCERS = np.array([-1.0, -1.0, 1.0, 1.0])  # mean square 1
TRUE = OPTIMIZERS + SCHEMES + BALANCERS + OPTIMIZERS * SCHEMES / 3  # 2 / 3
SEEDS = 10


@pytest.fixture
def quick(monkeypatch):
  """Repeats of a simulation take fewer resamples than one page."""
  monkeypatch.setattr(seed_pairs, 'RESAMPLES', 500)


def noise(rng, share=0.0, shape=(2, 3, 4), seeds=SEEDS):
  """Variance 1 in the mean over resplits whose correlation is that of share.

  What a split does to a scheme, a balancer or an optimizer is noise as well.
  """
  levels = [shape, (shape[0], 1, 1), (1, shape[1], 1), (1, 1, shape[2])]
  drawn = [rng.normal(size=(*level, seeds + 1)) for level in levels]
  return sum(e[..., 1:] + share**0.5 * e[..., :1] for e in drawn)


def by_name(values, share=None):
  return {s.name: s for s in variance.shares(values, FACTORS, share)}


def test_without_noise_shares_are_exact():
  blocks = np.sin(np.arange(6.0))
  found = by_name(TRUE[..., None] + blocks)
  spread = blocks.var(ddof=1)
  total = 1 + 6 + 1 + 2 / 3 + spread
  true = {
    'optimizer': 1, 'scheme': 6, 'balancer': 1, 'optimizer x scheme': 2 / 3,
    'optimizer x balancer': 0, 'scheme x balancer': 0, variance.HIGHER: 0,
    variance.ALIKE: spread, variance.REST: 0,
  }  # fmt: skip
  assert [*found] == [*true]
  for name, square in true.items():
    assert found[name].share == pytest.approx(square / total, abs=1e-9)
  assert sum(one.share for one in found.values()) == pytest.approx(1)


@pytest.mark.usefixtures('quick')
@pytest.mark.parametrize('share', [0.0, 1 / 3])
def test_components_are_recovered_and_lie_in_their_intervals(share):
  rng, inside, names = np.random.default_rng(0), [], ('scheme', 'balancer')
  squares = {'optimizer': 1, 'scheme': 6, 'balancer': 1}
  total = 1 + 6 + 1 + 2 / 3 + 4  # Four terms of noise with variance 1.
  estimates = []
  for _ in range(40):
    found = by_name(TRUE[..., None] + noise(rng, share), share)
    estimates.append([found[name].share for name in squares])
    inside += [
      found[name].low <= squares[name] / total <= found[name].high
      for name in names
    ]
  true = [square / total for square in squares.values()]
  assert np.mean(estimates, axis=0) == pytest.approx(true, abs=0.04)
  assert np.mean(inside) >= 0.85  # 93 % of 400; below has 1 in 100.


@pytest.mark.usefixtures('quick')
def test_noise_alone_is_no_effect():
  rng = np.random.default_rng(1)
  found = [by_name(noise(rng)) for _ in range(30)]
  effects = [one for shares in found for one in [*shares.values()][:-2]]
  assert np.mean([one.low == 0 for one in effects]) > 0.9
  assert np.mean([one.share for one in effects]) < 0.02


@pytest.mark.usefixtures('quick')
@pytest.mark.parametrize('share', [0.0, 1 / 3])
def test_where_neither_matters_the_verdicts_are_undecided(share):
  """Decided in 1 % of 800 repeats for sizes, and in .2 % for orders."""
  rng, sizes, alike = np.random.default_rng(2), 0, 0
  for _ in range(60):
    y = noise(rng, share)
    sizes += factorial.larger(factorial.effects(y.mean(0), share)) != ''
    first, second = y.mean(2)
    alike += orders.agreement(first, second, share).verdict != 'undecided'
  assert sizes <= 3
  assert alike <= 3


def test_levels_of_one_and_constants_have_no_share():
  found = by_name(noise(np.random.default_rng(3), shape=(1, 3, 4)))
  assert [*found] == [
    'scheme', 'balancer', 'scheme x balancer', variance.ALIKE, variance.REST,
  ]  # fmt: skip
  assert {one.share for one in by_name(np.ones((2, 3, 4, 5))).values()} == {0}


@pytest.mark.parametrize('shape', [(3, 4, 5), (2, 3, 4, 1), (1, 1, 1, 5)])
def test_too_little_is_refused(shape):
  with pytest.raises(ValueError, match='factors for|two entries'):
    variance.shares(np.zeros(shape), FACTORS)


def test_few_seeds_have_no_interval():
  found = by_name(noise(np.random.default_rng(4), seeds=2))
  assert np.isnan(found['scheme'].low)
  a = np.arange(3.0)[:, None] + np.zeros(2)
  assert orders.agreement(a, a).verdict == 'undecided'


def test_tau_counts_pairs_in_the_same_order():
  a = np.arange(4.0)[:, None] + np.zeros(5)
  assert orders.agreement(a, 2 * a) == (1, 1, 1)
  assert orders.agreement(a, -a) == (-1, -1, -1)
  assert orders.agreement(a, -a).verdict == orders.REVERSED
  # One of six pairs is swapped.
  assert orders.agreement(a, a[[1, 0, 2, 3]]).tau == pytest.approx(4 / 6)
  assert orders.agreement(a, 0 * a).tau == 0
  assert np.isnan(orders.agreement(a[:1], a[:1]).tau)


def test_clear_orders_agree_and_overlap_widens():
  rng = np.random.default_rng(5)
  a, b = 3 * np.arange(4.0)[:, None] + rng.normal(size=(2, 4, 8))
  assert orders.agreement(a, b, 1 / 3).verdict == orders.ALIKE
  close = a / 6, b / 6 + rng.normal(size=b.shape)
  plain, wide = (orders.agreement(*close, q) for q in (0.0, 1.0))
  assert wide.tau == plain.tau
  assert wide.high - wide.low > plain.high - plain.low
