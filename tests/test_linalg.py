"""LAPACK in programs of many runs."""

import ast
import pathlib

import jax
import jax.extend
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import linalg

ROOT = pathlib.Path(__file__).parents[1]
# What calls LAPACK; norms and the like do not.
LAPACK = {
  *('cholesky', 'det', 'eig', 'eigh', 'eigvals', 'eigvalsh', 'inv', 'lstsq'),
  *('lu', 'matrix_rank', 'pinv', 'qr', 'schur', 'slogdet', 'solve', 'svd'),
  *('svdvals', 'tensorinv', 'tensorsolve', 'triangular_solve'),
}
PRIMITIVES = {'eigh', 'lu', 'triangular_solve'}


def first_row(solve):
  return lambda matrix: solve(matrix, matrix[0])


CALLS = {
  'eigh': (linalg.eigh, jnp.linalg.eigh),
  'eigvalsh': (linalg.eigvalsh, jnp.linalg.eigvalsh),
  'solve': (first_row(linalg.solve), first_row(jnp.linalg.solve)),
}


@pytest.mark.parametrize('name', CALLS)
def test_a_batch_on_a_cpu_is_a_loop_with_the_same_numbers(name):
  ours, batched = (jax.vmap(jax.vmap(call)) for call in CALLS[name])
  half = np.random.default_rng(0).normal(size=(2, 3, 4, 4))
  matrices = (half + half.swapaxes(2, 3)).astype(np.float32)
  ranks = [*dimensions(jax.make_jaxpr(ours)(matrices).jaxpr)]
  assert ranks
  assert max(ranks) == 2
  for a, b in zip(
    jax.tree.leaves(jax.jit(ours)(matrices)),
    jax.tree.leaves(jax.jit(batched)(matrices)),
    strict=True,
  ):
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def dimensions(jaxpr):
  """Numbers of axes of what LAPACK is given, in a program and inside it."""
  for equation in jaxpr.eqns:
    if equation.primitive.name in PRIMITIVES:
      yield equation.invars[0].aval.ndim
    for inner in jax.extend.core.jaxprs_in_params(equation.params):
      yield from dimensions(inner)


def test_lapack_is_called_in_one_file():
  """NumPy's on the host is another matter."""
  for path in (ROOT / 'mtl_jax').rglob('*.py'):
    calls = {
      node.attr
      for node in ast.walk(ast.parse(path.read_text()))
      if isinstance(node, ast.Attribute) and node.attr in LAPACK
      if ast.unparse(node.value) in ('jnp.linalg', 'lax.linalg', 'jsp.linalg')
    }
    assert not calls or path == ROOT / 'mtl_jax' / 'linalg.py', path
