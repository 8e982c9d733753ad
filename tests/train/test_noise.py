"""The generator of masks: as published, and statistically random."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from scipy import stats

from mtl_jax import train
from mtl_jax.train import noise
from tests import small

SIZE = 2**16


def key(seed=0):
  return noise.of_mask(jax.random.key(seed))


@functools.partial(jax.jit, static_argnums=1)
def words(key, size=SIZE):
  return jax.random.bits(key, (size,), jnp.uint32)


def centred(x):
  x = np.asarray(x, np.float64)
  return (x - x.mean()) / x.std()


def test_the_mixing_is_the_published_one():
  """Jarzynski and Olano 2020, listing of pcg3d, in Python's own integers."""

  def published(v):
    v = [(a * 1664525 + 1013904223) % 2**32 for a in v]
    for last in (False, True):
      for i in range(3):
        others = v[(i + 1) % 3] * v[(i + 2) % 3]
        v[i] = (v[i] + others) % 2**32
      if not last:
        v = [a ^ (a >> 16) for a in v]
    return v

  draw = np.random.default_rng(0)
  for v in draw.integers(2**32, size=(20, 3), dtype=np.uint64):
    found = noise.pcg3d(*(jnp.uint32(int(a)) for a in v))
    assert [int(a) for a in found] == published([int(a) for a in v])


def test_moments_are_those_of_uniform_numbers():
  found = jax.random.uniform(key(), (SIZE,))
  for power in (1, 2, 3, 4):
    spread = np.sqrt((1 / (2 * power + 1) - 1 / (power + 1) ** 2) / SIZE)
    mean = np.mean(np.asarray(found, np.float64) ** power)
    assert abs(mean - 1 / (power + 1)) < 4 * spread
  assert stats.kstest(found, 'uniform').pvalue > 1e-3


def test_every_bit_is_fair_and_flips_with_the_counter():
  found = np.asarray(words(key()))
  for bit in range(32):
    ones = (found >> bit) & 1
    assert abs(ones.mean() - 0.5) < 4 * 0.5 / np.sqrt(SIZE)
    flips = ones[1:] != ones[:-1]
    assert abs(flips.mean() - 0.5) < 4 * 0.5 / np.sqrt(SIZE)


@pytest.mark.parametrize('lag', [1, 2, 3, 64, 256, 4096])
def test_numbers_do_not_depend_on_those_before(lag):
  x = centred(words(key(1)))
  assert abs((x[lag:] * x[:-lag]).mean()) < 4 / np.sqrt(SIZE - lag)


def test_keys_near_each_other_draw_apart():
  """Consecutive seeds, folded and split keys, and a key with its children."""
  keys = [key(seed) for seed in range(4)]
  keys += [jax.random.fold_in(key(0), i) for i in range(4)]
  keys += list(jax.random.split(key(0), 4))
  drawn = [centred(words(k)) for k in keys]
  for one, other in itertools.combinations(drawn, 2):
    assert abs((one * other).mean()) < 4.5 / np.sqrt(SIZE)


def test_no_word_comes_more_often_than_chance_has_it():
  """Among n words about n^2 / 2^33 pairs should be equal."""
  found = np.asarray(words(key(2), 2**18))
  pairs = 2**18 - len(np.unique(found))
  expected = 2**36 / 2**33
  assert abs(pairs - expected) < 4 * np.sqrt(expected) + 1


def test_maps_of_keys_draw_what_each_key_draws():
  """The same draws in a loop, mapped and alone, in any shape."""
  keys = jax.random.split(key(3), 3)
  draw = lambda k: jax.random.bernoulli(k, 0.3, (5, 7))  # noqa: E731
  alone = np.stack([draw(k) for k in keys])
  np.testing.assert_array_equal(jax.jit(jax.vmap(draw))(keys), alone)
  np.testing.assert_array_equal(
    jax.jit(lambda k: lax.map(draw, k))(keys), alone
  )
  flat = words(keys[0], 35).reshape(5, 7)
  np.testing.assert_array_equal(
    jax.random.bits(keys[0], (5, 7), jnp.uint32), flat
  )


def test_training_is_in_distribution_that_of_threefry(monkeypatch):
  """Losses after some steps with dropout, over 100 seeds each."""
  split, hp = small.split(rows=16), small.hp(lr=0.1)
  stages = small.stages('mlp', dropout=0.5, widths=(4,))
  system = small.system()
  system = system._replace(scheme=system.scheme.clone(stages=stages))
  state = small.start(system, split, hp)
  losses = small.losses(system.scheme, split)

  def ended():
    @jax.jit
    @jax.vmap
    def run(seed):
      rows = jnp.array(16)
      new, _ = train.advance(system, hp, seed, state, split, rows, 8, 4)
      return losses(new.params.tree).sum()

    return np.asarray(run(jnp.arange(100)))

  ours = ended()
  monkeypatch.setattr(noise, 'of_mask', lambda key: key)
  theirs = ended()
  assert (ours != theirs).mean() > 0.9
  assert stats.ks_2samp(ours, theirs).pvalue > 1e-3
  spread = np.hypot(ours.std(), theirs.std()) / np.sqrt(100)
  assert abs(ours.mean() - theirs.mean()) < 4 * spread
