"""Impartial multi-task learning: IMTL-L and IMTL-G together."""

from mtl_jax.balancers import base, imtl_g, imtl_l, solvers

RANGES = {'learning_rate': base.Range(1e-4, 1e-2, log=True)}


def make(learning_rate: base.Number = 1e-3) -> base.Balancer:
  """Liu et al., ICLR 2021: IMTL-G on gradients that IMTL-L has scaled.

  Args:
    learning_rate: of the logarithms of the losses' scales.

  Returns:
    The balancer.
  """
  by_losses = imtl_l.make(learning_rate)

  def update(losses, gram, state, key):
    scales, state = by_losses.update(losses, None, state, key)
    # The Gram matrix of the scaled losses needs no second backward pass.
    scaled = gram * scales[:, None] * scales[None]
    shares = base.among(solvers.alive(gram), imtl_g.weigh(scaled))
    return shares * scales, state

  return base.Balancer(by_losses.init, update, needs_gram=True, neutral=False)
