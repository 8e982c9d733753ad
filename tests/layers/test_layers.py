"""Layers equal the native operations, or a reference in plain numpy."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from mtl_jax import layers
from tests import small

quick = small.quick


def native(x, kernel):
  names = ('NHWC', 'HWIO', 'NHWC')
  return lax.conv_general_dilated(
    x, kernel, (1, 1), 'SAME', dimension_numbers=names
  )


def images(height, width, channels=2, batch=3, seed=0):
  shape = (batch, height, width, channels)
  return jax.random.normal(jax.random.key(seed), shape)


@functools.partial(jax.jit, static_argnums=0)
def with_gradients(convolve, x, kernel, direction):
  out, pullback = jax.vjp(convolve, x, kernel)
  return out, *pullback(direction[..., : out.shape[-1]])


@pytest.mark.parametrize('shape', [(4, 6), (5, 3)])
@pytest.mark.parametrize('size', [1, 2, 3, 4, 5])
def test_conv_equals_the_native_one(size, shape):
  x, direction = images(*shape), images(*shape, channels=4, seed=1)
  kernel = jax.random.normal(jax.random.key(2), (size, size, 2, 4))
  actual = with_gradients(layers.conv, x, kernel, direction)
  desired = with_gradients(native, x, kernel, direction)
  for a, b in zip(actual, desired, strict=True):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('axis', [None, 0])
def test_conv_maps_over_kernels(axis):
  x = images(5, 4) if axis is None else images(5, 4, batch=9)
  x = x if axis is None else x.reshape(3, 3, 5, 4, 2)
  kernels = jax.random.normal(jax.random.key(2), (3, 3, 3, 2, 4))
  direction = images(5, 4, channels=4, seed=1)
  maps = functools.partial(jax.vmap, in_axes=(axis, 0, None))
  actual = jax.jit(maps(functools.partial(with_gradients, layers.conv)))
  desired = jax.jit(maps(functools.partial(with_gradients, native)))
  for a, b in zip(
    actual(x, kernels, direction), desired(x, kernels, direction), strict=True
  ):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@functools.partial(jax.jit, static_argnums=0)
def gradients(function, x, direction):
  out, pullback = jax.vjp(function, x)
  return out, *pullback(direction[:, : out.shape[1], : out.shape[2]])


@pytest.mark.parametrize('shape', [(2, 2), (4, 5), (7, 6)])
def test_max_pool_equals_the_native_one(shape):
  x, direction = images(*shape), images(*shape, seed=1)

  def pool(x):
    window = (1, 2, 2, 1)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, window, 'VALID')

  actual = gradients(layers.max_pool, x, direction)
  desired = gradients(pool, x, direction)
  for a, b in zip(actual, desired, strict=True):
    np.testing.assert_array_equal(a, b)
