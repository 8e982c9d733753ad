"""How alike the features of two trainings are, for every pair of tasks."""

import jax
import jax.numpy as jnp

from mtl_jax.interference import measures

ROWS = 300  # for RSA, which compares all pairs of rows
MEASURES = {
  'cka': measures.linear_cka,
  'rsa': lambda x, y: measures.rsa(x[:ROWS], y[:ROWS]),
}


@jax.jit
def measure(x: jax.Array, y: jax.Array) -> dict[str, jax.Array]:
  """`[K, K]` by measure: of task i's features in x with task j's in y."""

  def row(own):
    return jax.lax.map(
      lambda other: {name: f(own, other) for name, f in MEASURES.items()}, y
    )

  return jax.lax.map(row, jnp.asarray(x))
