"""Nash bargaining: proportional fairness between the tasks."""

from mtl_jax.balancers import base, fairgrad


def make() -> base.Balancer:
  """Navon et al., ICML 2022, arXiv:2202.01017: `G a = 1 / a`, a > 0.

  Weights are scaled to sum to the number of tasks, where the paper scales the
  update to norm 1.

  Returns:
    The balancer.
  """
  return fairgrad.make(alpha=1.0)
