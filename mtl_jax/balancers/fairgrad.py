"""Fair resource allocation: alpha-fairness between the tasks."""

from mtl_jax.balancers import base, solvers


def make(alpha: float = 2.0) -> base.Balancer:
  """Ban and Ji, ICML 2024, arXiv:2402.15638: `G w = w^(-1/alpha)`, w > 0.

  Args:
    alpha: 1 is `nash_mtl`; the paper's runs take 2, large ones are max-min.
  """
  if alpha <= 0:
    raise ValueError(f'alpha is {alpha}; take more than 0')

  def update(losses, gram, state, key):
    del key
    weights = solvers.log_newton(gram, alpha)
    return base.sum_to_tasks(weights), state

  return base.Balancer(lambda _: (), update, needs_gram=True)
