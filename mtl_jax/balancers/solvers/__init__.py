"""Solvers of the small optimisation problems that balancers share."""

from mtl_jax.balancers.solvers.quadratic import (
  alive,
  cosines,
  eigen,
  log_newton,
  nonnegative,
  on_simplex,
  project_on_simplex,
  pseudo_inverse_times,
  settled,
)

__all__ = [
  'alive',
  'cosines',
  'eigen',
  'log_newton',
  'nonnegative',
  'on_simplex',
  'project_on_simplex',
  'pseudo_inverse_times',
  'settled',
]
