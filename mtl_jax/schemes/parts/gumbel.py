"""Differentiable samples of a categorical variable."""

import jax
from jaxtyping import Array, Float


def gumbel_softmax(
  logits: Float[Array, '... n'], key: Array, temperature: Array | float
) -> Float[Array, '... n']:
  """A sample by Jang, Gu, Poole, ICLR 2017, arXiv:1611.01144, eq. 2.

  Args:
    logits: unnormalized log-probabilities, on the last axis.
    key: a random key.
    temperature: towards 0 the sample becomes one-hot.

  Returns:
    Weights that sum to 1 over the last axis.
  """
  noise = jax.random.gumbel(key, logits.shape)
  return jax.nn.softmax((logits + noise) / temperature)


def most_likely(logits: Float[Array, '... n']) -> Float[Array, '... n']:
  """One-hot of the largest, the first of several; without gradient."""
  return jax.nn.one_hot(logits.argmax(-1), logits.shape[-1])


def straight_through(soft: Float[Array, '... n']) -> Float[Array, '... n']:
  """One-hot of the largest, with the gradient of `soft`."""
  return soft + jax.lax.stop_gradient(most_likely(soft) - soft)
