"""Conflict-averse gradient: the worst task's gain near the mean gradient."""

import jax.numpy as jnp
from jax import lax

from mtl_jax.balancers import base, solvers

RESCALE = ('neutral', 'paper')

RANGES = {'c': base.Range(0.1, 0.9)}


def make(c: base.Number = 0.4, rescale: str = 'neutral') -> base.Balancer:
  """Liu, Liu, Jin, Stone, Liu, NeurIPS 2021, arXiv:2110.14048.

  Args:
    c: radius of the ball around the mean gradient, over its length; 0 is
      `equal`.
    rescale: by 1 + c, so that equal gradients keep their sum, or as in the
      paper by 1 + c^2.
  """
  base.at_least(0, c=c)
  if rescale not in RESCALE:
    raise ValueError(f'rescale is {rescale!r}; take neutral or paper')

  def update(losses, gram, state, key):
    del key
    size = len(losses)
    factor = 1 + c if rescale == 'neutral' else 1 + c**2
    return size * weigh(gram, c) / factor, state

  return base.Balancer(
    lambda _: (), update, needs_gram=True, neutral=rescale == 'neutral'
  )


def weigh(gram: base.Gram, c: base.Number) -> base.Weights:
  """Weights as published: the mean's, and those of the way to the worst."""
  size = len(gram)
  mean = jnp.full(size, 1 / size, gram.dtype)
  scale = jnp.maximum(jnp.trace(gram), 1e-30)
  gram = gram / scale
  towards = jnp.matmul(gram, mean, precision='highest')
  radius = c * jnp.sqrt(jnp.maximum(mean @ towards, 0))
  worst = worst_case(gram, towards, radius)
  length = _length(gram, worst)
  share = jnp.where(length > 1e-12, radius / jnp.maximum(length, 1e-12), 0)
  return mean + share * worst


def worst_case(gram, towards, radius):
  """Least `v'b + r sqrt(v'Gv)` on the simplex: accelerated projections."""
  size = len(towards)
  largest = jnp.abs(gram).sum(1).max()

  def step(_, carry):
    v, y, t = carry
    length = jnp.maximum(_length(gram, y), 1e-12)
    slope = towards + radius / length * jnp.matmul(gram, y, precision='highest')
    rate = length / jnp.maximum(radius * largest, 1e-12)
    new = solvers.project_on_simplex(y - rate * slope)
    longer = (1 + jnp.sqrt(1 + 4 * t * t)) / 2
    back = jnp.vdot(y - new, new - v) > 0
    moved = new + (t - 1) / longer * (new - v)
    return new, jnp.where(back, new, moved), jnp.where(back, 1, longer)

  start = jnp.full(size, 1 / size, gram.dtype)
  return lax.fori_loop(0, solvers.ITERATIONS, step, (start, start, 1.0))[0]


def _length(gram, v):
  return jnp.sqrt(jnp.maximum(v @ jnp.matmul(gram, v, precision='highest'), 0))
