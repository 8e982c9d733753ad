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
