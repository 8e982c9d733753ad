"""Nash bargaining: proportional fairness between the tasks."""

from mtl_jax.balancers import base, fairgrad


def make() -> base.Balancer:
  """Navon et al., ICML 2022, arXiv:2202.01017: `G a = 1 / a`, a > 0.

  The weights sum to the number of tasks; the paper makes the whole step a unit
  vector instead.
  """
  return fairgrad.make(alpha=1.0)
