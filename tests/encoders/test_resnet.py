"""Residual networks: sizes of the published one, its stem and its pooling."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.encoders import resnet, resnet18
from mtl_jax.layers import pooling
from tests import small
from tests.encoders import traced

quick = small.quick


def made(stages, side):
  """Features of all stages and variables, for images of that size."""
  x = jax.ShapeDtypeStruct((2, side, side, 3), jnp.float32)
  return traced.features(stages, x)


# Of images of 32 pixels (CIFAR), and of 64 with a stem that quarters them.
@pytest.mark.parametrize(
  ('stem', 'side', 'sides'),
  [('small', 32, (32, 32, 16, 8, 4)), ('large', 64, (16, 16, 8, 4, 2))],
)
def test_resnet18_halves_the_image_and_doubles_the_channels(stem, side, sides):
  stages = resnet18.make(width=4, stem=stem)
  channels = (4, 4, 8, 16, 32)
  features, _ = made(stages, side)
  expected = zip(sides, sides, channels, strict=True)
  assert [h.shape for h in features] == [(2, *shape) for shape in expected]


def test_resnet18_has_the_published_number_of_parameters():
  """He et al., table 1, by hand: kernels, and a scale and an offset each."""

  def layer(inside, outside, size):
    return inside * outside * size**2 + 2 * outside

  def stage(inside, width):
    down = layer(inside, width, 1) if inside != width else 0
    return layer(inside, width, 3) + 3 * layer(width, width, 3) + down

  sides = ((64, 64), (64, 128), (128, 256), (256, 512))
  by_hand = [layer(3, 64, 7), *(stage(*pair) for pair in sides)]
  # With 1000 classes the dense layer has 513,000 of the known 11,689,512.
  assert sum(by_hand) == 11_689_512 - 513 * 1000 == 11_176_512
  params = made(resnet18.make(stem='large'), 64)[1]['params']
  actual = [
    sum(leaf.size for leaf in jax.tree.leaves(params[f'stage_{i}']))
    for i in range(5)
  ]
  assert actual == by_hand
  # Seventeen convolutions one behind the other, and three in shortcuts; the
  # head is the eighteenth layer.
  kernels = [leaf.shape[0] for leaf in jax.tree.leaves(params) if leaf.ndim > 1]
  assert sorted(kernels) == [1] * 3 + [3] * 16 + [7]


@functools.partial(jax.jit, static_argnums=0)
def applied(function, *arguments):
  return function(*arguments)


def shuffled(height, width, seed=0):
  """Planes `[2, H, W, 3]` of numbers that all differ, half of them below 0."""
  size = 2 * height * width * 3
  order = np.random.default_rng(seed).permutation(size) - size / 2
  return order.reshape(2, height, width, 3).astype(np.float32)


def pooled(x):
  """Each maximum, and 1 at its position, by a loop over windows."""
  c, height, width, batch = x.shape
  padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], constant_values=-np.inf)
  out = np.zeros((c, -(-height // 2), -(-width // 2), batch))
  result = np.zeros_like(padded)
  for k, i, j, n in np.ndindex(out.shape):
    window = padded[k, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3, n]
    out[k, i, j, n] = window.max()
    row, column = np.unravel_index(window.argmax(), window.shape)
    result[k, 2 * i + row, 2 * j + column, n] += 1
  return out, result[:, 1:-1, 1:-1]


@pytest.mark.parametrize(('height', 'width'), [(6, 6), (5, 4), (1, 7)])
def test_overlapping_pool_equals_plain_numpy(height, width):
  x = shuffled(height, width)
  expected, result = pooled(x)

  def both(x):
    out, pullback = jax.vjp(pooling.overlapping_max_pool, x)
    return out, pullback(jnp.ones_like(out))[0]

  out, gradient = applied(both, jnp.array(x))
  np.testing.assert_array_equal(out, expected)
  np.testing.assert_array_equal(gradient, result)


def test_large_stem_is_convolution_normalisation_and_pooling():
  stem = resnet.Stem(4, 'group', 'large')
  images = small.inputs('resnet', rows=3)
  variables = applied(lambda x: stem.init(jax.random.key(1), x, False), images)
  kernel = variables['params']['Conv_0']['kernel']
  assert kernel.shape == (7, 7, 1, 4)
  h = jax.lax.conv_general_dilated(
    images / 255,
    kernel,
    (2, 2),
    'SAME',
    dimension_numbers=('NHWC', 'HWIO', 'NHWC'),
  )
  h = np.asarray(h, np.float64)
  # Four channels are four groups: each plane by itself.
  mean, spread = h.mean((1, 2), keepdims=True), h.var((1, 2), keepdims=True)
  h = np.maximum((h - mean) / np.sqrt(spread + 1e-5), 0)
  expected, _ = pooled(h.transpose(3, 1, 2, 0))
  actual = applied(lambda v, x: stem.apply(v, x, False), variables, images)
  np.testing.assert_allclose(
    actual, expected.transpose(3, 1, 2, 0), rtol=1e-4, atol=1e-5
  )


def test_a_stem_that_is_none_is_refused():
  with pytest.raises(ValueError, match="stem is 'big'; take small or large"):
    resnet18.make(stem='big')
