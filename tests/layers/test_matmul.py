"""Towers mixed channel by channel, against an einsum, to second derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.layers import matmul
from tests import small


@pytest.mark.parametrize('rows', [(4,), (3, 2)])
def test_an_exchange_is_an_einsum_with_its_gradients(rows):
  draw = np.random.default_rng(0)
  alpha = jnp.array(draw.normal(size=(2, 3, 5)), jnp.float32)
  h = jnp.array(draw.normal(size=(3, *rows, 5)), jnp.float32)
  along = jnp.array(draw.normal(size=h.shape), jnp.float32)

  def plain(alpha, h):
    return jnp.einsum('tsc,s...c->t...c', alpha, h)

  def all_of(mix):
    def loss(alpha, h):
      return jnp.sin(mix(alpha, h)).sum()

    def gradient(h):
      return jnp.vdot(jax.grad(loss, 1)(alpha, h), along)

    return (
      mix(alpha, h),
      jax.grad(loss, (0, 1))(alpha, h),
      jax.grad(gradient)(h),
    )

  small.close(
    jax.jit(lambda: all_of(matmul.exchange))(),
    jax.jit(lambda: all_of(plain))(),
  )


@pytest.mark.parametrize('mapped', [(0, 0), (None, 0), (0, None)])
@pytest.mark.parametrize('rest', [(4,), (3, 2)])
def test_a_mapped_product_is_a_loop_to_second_derivatives(mapped, rest):
  """Also where only the right operand is mapped, as cotangents are."""
  draw = np.random.default_rng(0)
  shapes = (5, 7), (7, *rest)
  a, b = (
    jnp.array(draw.normal(size=(3, *s) if m == 0 else s), jnp.float32)
    for s, m in zip(shapes, mapped, strict=True)
  )

  def all_of(product):
    def one(a, b):
      def gradient(a, b):
        return jax.grad(lambda a, b: jnp.sin(product(a, b)).sum(), 0)(a, b)

      squared = lambda b: jnp.square(gradient(a, b)).sum()  # noqa: E731
      return product(a, b), gradient(a, b), jax.grad(squared)(b)

    return jax.jit(jax.vmap(one, mapped))(a, b)

  small.close(
    all_of(matmul.matmul), all_of(lambda a, b: jnp.tensordot(a, b, 1)), 1e-4
  )
