"""Drawing one of several, so that a gradient passes."""

import jax
from jaxtyping import Array, Float


def gumbel_softmax(
  logits: Float[Array, '... n'], key: Array, temperature: Array | float
) -> Float[Array, '... n']:
  """Jang, Gu, Poole, ICLR 2017, arXiv:1611.01144, eq. 2."""
  noise = jax.random.gumbel(key, logits.shape)
  return jax.nn.softmax((logits + noise) / temperature)


def most_likely(logits: Float[Array, '... n']) -> Float[Array, '... n']:
  """1 at the largest, the first of several; no gradient passes."""
  return jax.nn.one_hot(logits.argmax(-1), logits.shape[-1])


def straight_through(soft: Float[Array, '... n']) -> Float[Array, '... n']:
  """1 at the largest, with the gradient of `soft`."""
  return soft + jax.lax.stop_gradient(most_likely(soft) - soft)
