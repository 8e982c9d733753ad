"""Pooling, unpooling, interpolation and dilation against other definitions."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from mtl_jax.layers import images, pooling, resizing
from mtl_jax.layers.convolution import dilated
from tests import small


def pictures(*shape):
  return jnp.array(np.float32(np.random.default_rng(0).normal(size=shape)))


def test_unpooling_puts_maxima_where_they_were():
  x = pictures(2, 4, 6, 3)
  pooled, places = pooling.pool_with_places(x)
  back = pooling.unpool(pooled, places)
  kept = np.asarray(back) != 0
  np.testing.assert_array_equal(np.asarray(back)[kept], np.asarray(x)[kept])
  assert (
    kept.reshape(2, 2, 2, 3, 2, 3).sum((2, 4)).tolist()
    == np.ones((2, 2, 3, 3)).tolist()
  )
  slopes = jax.grad(lambda x: (pooling.unpool(x, places) ** 2).sum())(pooled)
  small.close(slopes, 2 * pooled)


@pytest.mark.parametrize('factor', [2, 3, 8])
def test_enlarged_pictures_are_interpolated(factor):
  x = pictures(2, 3, 4, 2)
  shape = 2, 3 * factor, 4 * factor, 2
  # The same centres of pixels, and borders that are repeated.
  small.close(
    resizing.upsample(x, factor), jax.image.resize(x, shape, 'bilinear')
  )


@pytest.mark.parametrize('dilation', [2, 3, 5, 9])
def test_a_dilated_kernel_reads_distant_pixels(dilation):
  x, kernel = pictures(2, 8, 7, 3), pictures(3, 3, 3, 4)

  def native(x, kernel):
    return lax.conv_general_dilated(
      x, kernel, (1, 1), 'SAME',
      rhs_dilation=(dilation, dilation),
      dimension_numbers=('NHWC', 'HWIO', 'NHWC'),
    )  # fmt: skip

  @functools.partial(jax.jit, static_argnums=0)
  def with_gradients(convolve):
    out, pullback = jax.vjp(convolve, x, kernel)
    return out, *pullback(jnp.sin(out))

  ours = with_gradients(lambda x, kernel: dilated.conv(x, kernel, dilation))
  for actual, wanted in zip(ours, with_gradients(native), strict=True):
    small.close(actual, wanted, 1e-4)


@pytest.mark.parametrize('other', [{'size': 2}, {'stride': 2}])
def test_what_dilation_cannot_have_is_told(other):
  layer = images.Conv(2, **({'size': 3, 'dilation': 2} | other))
  with pytest.raises(ValueError, match='dilation 2 takes an odd size'):
    layer.init(jax.random.key(0), pictures(1, 4, 4, 1))


@pytest.mark.parametrize('dilation', [1, 2])
def test_fresh_parameters_read_features_of_bfloat16(dilation):
  """As where `mtan` and `hard_wide` try the shapes of a network."""
  layer = images.Conv(2, 3, dilation=dilation)
  x = jnp.ones((2, 4, 4, 3), jnp.bfloat16)
  out = jax.eval_shape(lambda: layer.init_with_output(jax.random.key(0), x)[0])
  assert (out.shape, out.dtype) == ((2, 4, 4, 2), jnp.float32)
