"""Similarity of the features of two runs, for every pair of tasks."""

import jax
import jax.numpy as jnp

from mtl_jax.interference import measures

ROWS = 300  # of RSA, whose cost grows with the square of the rows
MEASURES = {
  'cka': measures.linear_cka,
  'rsa': lambda x, y: measures.rsa(x[:ROWS], y[:ROWS]),
}


@jax.jit
def measure(x: jax.Array, y: jax.Array) -> dict[str, jax.Array]:
  """Compares every task's features in one run with every task's in another.

  Args:
    x: `[K, rows, channels]`, features of the first run.
    y: `[K, rows, channels]`, features of the second run on the same rows.

  Returns:
    For each of `MEASURES` a matrix `[K, K]`; entry `[i, j]` compares task i in
    `x` with task j in `y`.
  """

  # A loop and not `vmap`: RSA's [ROWS, ROWS] matrices of all pairs at once
  # would need K^2 times the memory.
  def row(own):
    return jax.lax.map(
      lambda other: {name: f(own, other) for name, f in MEASURES.items()}, y
    )

  return jax.lax.map(row, jnp.asarray(x))
