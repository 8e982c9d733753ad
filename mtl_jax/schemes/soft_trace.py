"""Soft sharing: a penalty that draws towers to a low-rank subspace."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax import linalg
from mtl_jax.schemes import base


class Scheme(base.Scheme):
  """Yang and Hospedales, arXiv:1606.04038.

  The penalty is the sum over encoder kernels of a trace norm of the kernels
  stacked over tasks.

  Attributes:
    unfolding: how the stack becomes matrices. `last_axis`: tasks against all
      other axes; `tucker`: every axis in turn; `tensor_train`: leading axes
      against the others.
  """

  separate = True
  towers = True
  penalised = True
  unfolding: str = 'last_axis'

  def __post_init__(self):
    if self.unfolding not in _UNFOLDINGS:
      raise ValueError(
        f'unfolding {self.unfolding!r} is none of ' + ', '.join(_UNFOLDINGS)
      )
    super().__post_init__()

  @nn.compact
  def __call__(self, x, train):
    towers = base.Encoder(self.stages, name='towers')
    features = base.stack(towers, self.num_tasks, x, train)
    return self.predict_stacked(features)

  def penalty(self, params):
    unfold = _UNFOLDINGS[self.unfolding]
    weights = base.kernels(params['towers'])  # each [K, ...]
    matrices = [m for w in weights for m in unfold(jnp.moveaxis(w, 0, -1))]
    return sum(map(trace_norm, matrices))


@jax.custom_vjp
def trace_norm(matrix: Float[Array, 'rows columns']) -> Float[Array, '']:
  """Sum of singular values, with the subgradient U V^T.

  The gradient of an SVD is NaN where singular values are equal or zero, as
  they are for towers that start alike; U V^T = (A A^T)^(-1/2) A is not.
  """
  return _trace_norm(matrix)[0]


def _trace_norm(matrix):
  # The smaller of the two Gram matrices has the same singular values.
  if matrix.shape[0] > matrix.shape[1]:
    value, direction = _trace_norm(matrix.T)
    return value, direction.T
  gram = jnp.matmul(matrix, matrix.T, precision='highest')
  squares, vectors = linalg.eigh(gram)
  # Relative: float32 leaves rounding errors of the zero eigenvalues.
  positive = squares > 1e-6 * squares.max()
  values = jnp.sqrt(jnp.where(positive, squares, 0))
  inverse = jnp.where(positive, 1 / jnp.where(positive, values, 1), 0)
  root = jnp.matmul(vectors * inverse[None], vectors.T, precision='highest')
  return values.sum(), jnp.matmul(root, matrix, precision='highest')


trace_norm.defvjp(_trace_norm, lambda direction, g: (g * direction,))


def _last_axis(w):
  return [w.reshape(-1, w.shape[-1])]


def _tucker(w):
  moved = [jnp.moveaxis(w, axis, 0) for axis in range(w.ndim)]
  return [m.reshape(m.shape[0], -1) for m in moved]


def _tensor_train(w):
  rows = [1]
  for size in w.shape[:-1]:
    rows.append(rows[-1] * size)
  return [w.reshape(r, -1) for r in rows[1:]]


_UNFOLDINGS = {
  'last_axis': _last_axis,
  'tucker': _tucker,
  'tensor_train': _tensor_train,
}
