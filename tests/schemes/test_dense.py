"""Schemes over encoders of maps: who reaches what, and what the maps are."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import layers
from mtl_jax.schemes import base
from mtl_jax.schemes.parts import gates
from tests import small
from tests.schemes import test_schemes

quick = small.quick

K = len(small.MAPS)
# A few schemes stand for all on the encoders whose features are as unet's.
FEW = 'hard', 'cross_stitch', 'mtan'
SKIPS = 'adashare', 'deeplab'  # whose last stage keeps the shape
# What says why it cannot, when built.
REFUSED = {
  ('moore', 'unet'): 'mixes pooled vectors; take mmoe',
  ('adashare', 'unet'): 'keep their shape',
}
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
  features = layers.Skips(jnp.ones((2, 4, 8, 8, 3)), (jnp.ones((2, 4, 8)),))
  with pytest.raises(ValueError, match='kept for it; let them meet after'):
    base.mix(lambda h: h[:1], features)


def test_a_mixture_of_experts_mixes_what_they_kept():
  draw = np.random.default_rng(0)
  h, kept = draw.normal(size=(2, 3, 4, 2, 2, 5)).astype(np.float32)
  gate = nn.softmax(draw.normal(size=(4, 3)).astype(np.float32))
  experts = [layers.Skips(a, (b,)) for a, b in zip(h, kept, strict=True)]
  one = gates.weighted(gate, experts)
  wanted = [jnp.einsum('be,ebhwc->bhwc', gate, x) for x in (h, kept)]
  small.close([one.values, *one.skips], wanted)
  of_tasks = gates.mixtures(
    gate[:, None], [base.spread(own, 1) for own in experts]
  )
  small.close([of_tasks.values[0], of_tasks.skips[0][0]], wanted)


@pytest.mark.parametrize('name', ['mmoe', 'omoe'])
def test_places_of_maxima_cannot_be_mixed(name):
  scheme = small.scheme(name, 'segnet', small.MAPS, tower_from=2)
  x = small.inputs('segnet', 4)
  with pytest.raises(ValueError, match='take encoder unet'):
    jax.eval_shape(lambda: scheme.init(key(), x, False))


@pytest.mark.parametrize(('name', 'encoder'), REFUSED)
def test_what_cannot_be_built_says_why(name, encoder):
  # As many experts as the small encoder has channels.
  fields = {'num_experts': 2} if name == 'moore' else {}
  scheme = small.scheme(name, encoder, small.MAPS, **fields)
  x = small.inputs(encoder, 4)
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
