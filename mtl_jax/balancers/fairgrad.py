"""Fair resource allocation: alpha-fairness between the tasks."""

from mtl_jax.balancers import base, solvers

RANGES = {'alpha': base.Range(0.5, 4, log=True)}


def make(alpha: base.Number = 2.0) -> base.Balancer:
  """Ban and Ji, ICML 2024, arXiv:2402.15638: `G w = w^(-1/alpha)`, w > 0.

  Weights are scaled to sum to the number of tasks.

  Args:
    alpha: of alpha-fairness. 1 is `nash_mtl`; the paper's experiments use 2;
      large values approach max-min fairness.

  Returns:
    The balancer.

  Raises:
    ValueError: `alpha` is below 0.001.
  """
  base.at_least(1e-3, alpha=alpha)

  def update(losses, gram, state, key):
    del key
    weights = solvers.log_newton(gram, alpha)
    return base.among(solvers.alive(gram), weights), state

  return base.Balancer(lambda _: (), update, needs_gram=True)
