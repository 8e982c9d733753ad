"""Schemes over encoders of maps: who reaches what, and what the maps are."""

import jax
import jax.numpy as jnp
import pytest

from mtl_jax.schemes import base
from tests import small
from tests.schemes import test_schemes

quick = small.quick

K = len(small.MAPS)
# A few schemes stand for all on the encoders whose features are as unet's.
FEW = 'hard', 'cross_stitch', 'mtan'
SKIPS = 'adashare', 'deeplab'  # whose last stage keeps the shape
# What says why it cannot, when built.
REFUSED = {('moore', 'unet'): 'x', ('adashare', 'unet'): 'keep their shape'}
PAIRS = [
  (name, encoder)
  for name in small.SCHEMES
  for encoder in small.DENSE
  if encoder == 'unet' or name in FEW or (name, encoder) == SKIPS
]


@pytest.mark.parametrize(
  ('name', 'encoder'), [p for p in PAIRS if p not in REFUSED]
)
def test_names_say_who_reaches_a_parameter(name, encoder):
  params, rows, _ = test_schemes.jacobian(name, encoder, small.MAPS, 4)
  test_schemes.assert_partition(params, rows)


@pytest.mark.parametrize('encoder', small.DENSE)
def test_maps_have_the_size_of_the_pictures(encoder):
  scheme = small.scheme('hard', encoder, small.MAPS)
  x = small.inputs(encoder, 4)
  shapes = jax.eval_shape(lambda: scheme.init_with_output(key(), x, False)[0])
  assert [p.shape for p in shapes] == [(4, 8, 8, c) for c in (3, 1, 3)]


def test_towers_of_other_numbers_cannot_read_the_skips():
  scheme = small.scheme('mmoe', 'unet', small.MAPS, tower_from=2)
  x = small.inputs('unet', 4)
  with pytest.raises(ValueError, match='kept for it; let them meet after'):
    jax.eval_shape(lambda: scheme.init(key(), x, False))


@pytest.mark.parametrize(('name', 'encoder'), REFUSED)
def test_what_cannot_be_built_says_why(name, encoder):
  scheme, x = small.scheme(name, encoder, small.MAPS), small.inputs(encoder, 4)
  with pytest.raises(ValueError, match=REFUSED[name, encoder]):
    jax.eval_shape(lambda: scheme.init(key(), x, False))


@pytest.mark.parametrize('encoder', small.DENSE)
def test_pictures_of_another_size_are_refused(encoder):
  module = base.Encoder(small.stages(encoder))
  x = jnp.zeros((2, 9, 8, 3), jnp.uint8)
  with pytest.raises(ValueError, match='multiples of'):
    jax.eval_shape(lambda: module.init(key(), x, False))


def test_one_pixel_of_one_row_cannot_be_normalised():
  module = base.Encoder(small.stages('unet', widths=(2, 2, 2, 2)))
  x = jnp.zeros((1, 8, 8, 3), jnp.uint8)
  with pytest.raises(ValueError, match='batch_size of 2'):
    jax.eval_shape(lambda: module.init(key(), x, True))


def key():
  return jax.random.key(0)
