"""Random and degenerate gradients, and the balancers' weights for them."""

import functools
import importlib

import jax
import jax.numpy as jnp
import numpy as np

from mtl_jax.balancers import base

# Methods that solve an optimisation problem, and their fields.
CASES = [
  ('mgda', {}),
  ('sdmgrad', {'regard': 0.3}),
  ('cagrad', {'c': 0.4}),
  ('cagrad', {'c': 0.9}),
  ('upgrad', {}),
  ('dualproj', {}),
  ('nash_mtl', {}),
  ('fairgrad', {'alpha': 2.0}),
  ('fairgrad', {'alpha': 0.5}),
  ('imtl_g', {}),
  ('conflict_free', {}),
]


def spread(size, coordinates, ratio=100):
  """Gradients `[12, K, P]` in all directions, lengths apart by up to `ratio`.

  With hardly more coordinates than tasks, all are in conflict.
  """
  draw = np.random.default_rng(size)
  rows = draw.normal(size=(12, size, coordinates))
  rows /= np.linalg.norm(rows, axis=2, keepdims=True)
  rows *= ratio ** draw.uniform(-0.5, 0.5, (12, size, 1))
  return rows.astype(np.float32).astype(float)


def degenerate(size):
  """Zero, singular, opposed gradients, and some of sizes apart: `[12, K, P]`.

  The last two are the same but for the scale, of 1e10 in the Gram matrix.
  """
  rows = np.random.default_rng(size).normal(size=(size, 30))
  line = np.linspace(1, 3, size)[:, None] * rows[:1]
  sides = (-1.0) ** np.arange(size)[:, None]
  cases = [
    0 * rows,
    rows * (np.arange(size) != 1)[:, None],
    rows * (np.arange(size) == 1)[:, None],
    np.broadcast_to(rows[:1], rows.shape),
    line,
    line * sides,
    rows - rows.mean(0),
    rows[:2][np.arange(size) % 2] * line[:, :1],
    rows * np.logspace(-2, 2, size)[:, None],
    np.eye(size, 30),
    1e-5 * rows,
    1e5 * rows,
  ]
  return np.stack(cases)


@functools.cache
def solver(name, **fields):
  """Gram matrices `[N, K, K]` to weights `[N, K]`, in single precision."""
  method = importlib.import_module(f'mtl_jax.balancers.{name}').make(**fields)

  def run(gram):
    ones = jnp.ones(len(gram))
    return method.update(ones, gram, (), jax.random.key(0))[0]

  return jax.jit(jax.vmap(run))


def grams(rows):
  rows = jnp.array(rows, jnp.float32)
  return jnp.stack([base.gram(one) for one in rows])


def weigh(name, fields, rows):
  return np.asarray(solver(name, **fields)(grams(rows)), float)


def updates(weights, rows):
  return np.einsum('nk,nkp->np', weights, rows)


def worst(found, exact):
  """The largest relative error among vectors `[N, P]`."""
  error = np.linalg.norm(found - exact, axis=1)
  return (error / np.linalg.norm(exact, axis=1)).max()
