"""LAPACK, one matrix after the other on CPUs.

LAPACK's functions in JAX share a batch out to the threads of XLA's pool and
wait for them, while they occupy a thread of that pool themselves. With several
devices, such as one per core, all threads may come to wait for a thread that is
free, and the program stops forever. A single matrix is not shared out, so that
`jax.vmap` becomes a loop here; the numbers are the same. On accelerators it
remains a batch.

Use these instead of `jax.numpy.linalg` in all that is mapped over runs. They
have no gradient in reverse mode once they are mapped.
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def one_at_a_time(function: Callable) -> Callable:
  """Maps a function as a loop where JAX computes on CPUs.

  Args:
    function: of single matrices and vectors; it calls LAPACK.

  Returns:
    The function, to be called with single matrices; `jax.vmap` maps it.
  """
  in_turn = jax.custom_batching.sequential_vmap(function)

  @functools.wraps(function)
  def call(*arguments):
    on_cpu = jax.default_backend() == 'cpu'
    return (in_turn if on_cpu else function)(*arguments)

  return call


@one_at_a_time
def eigh(
  matrix: Float[Array, 'n n'],
) -> tuple[Float[Array, 'n'], Float[Array, 'n n']]:
  """Eigenvalues, and eigenvectors in columns, of a symmetric matrix."""
  values, vectors = jnp.linalg.eigh(matrix)
  return values, vectors


@one_at_a_time
def eigvalsh(matrix: Float[Array, 'n n']) -> Float[Array, 'n']:
  """Eigenvalues of a symmetric matrix."""
  return jnp.linalg.eigvalsh(matrix)


@one_at_a_time
def solve(
  matrix: Float[Array, 'n n'], right: Float[Array, 'n']
) -> Float[Array, 'n']:
  """The solution `x` of `matrix x = right`."""
  return jnp.linalg.solve(matrix, right)
