"""Both lowerings of a convolution are `lax.conv`, and so are their gradients.

The native lowering, which other platforms take, is run here by hand.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from mtl_jax.layers.convolution import by_blocks, conv, native
from tests import small

quick = small.quick

# height, width, kernel, stride, padding, channels, features: by blocks, by
# XLA's operation, single pixels, even kernels, strides that do not divide, a
# kernel as large as the image
CASES = [
  (7, 9, 3, 1, 'SAME', 9, 4),
  (7, 9, 3, 2, 'SAME', 9, 4),
  (8, 8, 3, 2, 'VALID', 2, 3),
  (9, 9, 9, 1, 'VALID', 1, 10),
  (12, 10, 5, 1, 'VALID', 2, 30),
  (7, 9, 5, 3, 'SAME', 2, 3),
  (8, 7, 1, 2, 'SAME', 4, 3),
  (8, 7, 1, 1, 'VALID', 4, 3),
  (8, 7, 2, 1, 'SAME', 4, 3),
]


@pytest.fixture(params=['cpu', 'native'])
def lowering(request, monkeypatch):
  """The lowering of this platform, or the one of all others."""
  if request.param == 'native':
    monkeypatch.setattr(
      lax, 'platform_dependent', lambda *a, cpu, default: default(*a)
    )


def normal(seed, *shape):
  draw = np.random.default_rng(seed)
  return jnp.array(draw.normal(size=shape), jnp.float32)


def arguments(case, *leading, batch=3):
  """Images, kernels and cotangents, with some leading axes."""
  height, width, size, stride, padding, channels, features = case
  window = conv.window(height, width, size, stride, padding)
  x = normal(0, *leading, channels, height, width, batch)
  kernel = normal(1, *leading, size, size, channels, features)
  out = jax.eval_shape(
    reference(case), *(a[(0,) * len(leading)] for a in (x, kernel))
  )
  return window, x, kernel, normal(2, *leading, *out.shape)


def reference(case):
  stride, padding = case[3:5]
  return functools.partial(
    lax.conv_general_dilated,
    window_strides=(stride, stride),
    padding=padding,
    dimension_numbers=('CHWN', 'HWIO', 'CHWN'),
  )


def with_gradients(convolve):
  def both(x, kernel, cotangent):
    out, pullback = jax.vjp(convolve, x, kernel)
    return out, *pullback(cotangent)

  return both


def agree(actual, desired):
  for a, b in zip(actual, desired, strict=True):
    np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize('case', CASES, ids=str)
def test_values_and_gradients(case, lowering):
  window, *given = arguments(case)
  actual = with_gradients(lambda x, k: conv.conv(x, k, window))
  agree(
    jax.jit(actual)(*given), jax.jit(with_gradients(reference(case)))(*given)
  )


@pytest.mark.parametrize('case', [CASES[1], CASES[4]], ids=str)
def test_towers_task_losses_and_runs_are_axes(case, lowering):
  """Three nested maps: runs, towers, and the cotangents of several losses."""
  runs, towers, losses = 2, 3, 2
  window, x, kernel, cotangent = arguments(case, runs, towers)
  cotangents = jnp.stack([cotangent, -2 * cotangent[::-1]][:losses], axis=2)

  def gradients(convolve):
    def one(x, kernel, cotangents):
      _, pullback = jax.vjp(convolve, x, kernel)
      return jax.vmap(pullback)(cotangents)

    return one

  actual = gradients(lambda x, k: conv.conv(x, k, window))
  actual = jax.jit(jax.vmap(jax.vmap(actual)))(x, kernel, cotangents)
  # JAX's own cannot be mapped so: a loop over all.
  alone = jax.jit(gradients(reference(case)))
  for i in range(runs):
    for j in range(towers):
      desired = [
        alone(x[i, j], kernel[i, j], s[None]) for s in cotangents[i, j]
      ]
      desired = [jnp.concatenate(g) for g in zip(*desired, strict=True)]
      agree([g[i, j] for g in actual], desired)


def test_many_kernels_are_a_loop(monkeypatch):
  monkeypatch.setattr(native, 'UNROLLED', 2)
  window, x, kernels, _ = arguments(CASES[0], 3)
  mapped = jax.jit(jax.vmap(lambda x, k: conv.conv(x, k, window)))
  assert 'stablehlo.while' in mapped.lower(x, kernels).as_text()
  alone = jax.jit(reference(CASES[0]))
  agree(
    mapped(x, kernels), [alone(*own) for own in zip(x, kernels, strict=True)]
  )


@pytest.mark.parametrize('case', [CASES[1], CASES[4]], ids=str)
def test_gradients_have_gradients(case, lowering):
  window, x, kernel, _ = arguments(case, batch=2)

  def curved(convolve):
    def gradient(kernel):
      return jax.grad(lambda k: jnp.square(convolve(x, k)).sum() ** 2)(kernel)

    return jax.jit(jax.grad(lambda k: jnp.vdot(gradient(k), kernel + 1)))

  actual = curved(lambda x, k: conv.conv(x, k, window))(kernel)
  desired = curved(reference(case))(kernel)
  np.testing.assert_allclose(
    actual / desired.std(), desired / desired.std(), 1e-3
  )


def test_the_platform_decides_when_lowered():
  window, x, kernel, _ = arguments(CASES[4])
  traced = jax.jit(lambda x, k: conv.conv(x, k, window)).trace(x, kernel)
  result = {
    platform: 'stablehlo.convolution'
    in traced.lower(lowering_platforms=(platform,)).as_text()
    for platform in ('cpu', 'cuda', 'tpu')
  }
  assert result == {'cpu': False, 'cuda': True, 'tpu': True}


def test_blocks_are_for_large_kernels_and_few_channels():
  sides = [
    by_blocks.side(size, channels, features)
    for size, channels, features in [(9, 1, 10), (5, 10, 20), (3, 16, 16)]
  ]
  assert sides == [4, 2, 0]


@pytest.mark.parametrize(
  ('padding', 'text'), [('FULL', "'SAME' or 'VALID'"), ('VALID', 'smaller')]
)
def test_a_wrong_padding_is_told(padding, text):
  with pytest.raises(ValueError, match=text):
    conv.window(4, 4, 5, 1, padding)
