"""Impartial multi-task learning: IMTL-L and IMTL-G together."""

from mtl_jax.balancers import base, imtl_g, imtl_l, solvers

RANGES = {'distance': base.Range(5, 100, log=True)}


def make(distance: base.Number = 20.0, steps: int = 1000) -> base.Balancer:
  """Liu et al., ICLR 2021: IMTL-G on gradients that IMTL-L has scaled.

  Args:
    distance: how far the logarithms of the losses' scales can move in a run:
      their rate is `distance / steps`.
    steps: of the run, given by the caller.

  Returns:
    The balancer.
  """
  by_losses = imtl_l.make(distance, steps)

  def update(losses, gram, state, key):
    scales, state = by_losses.update(losses, None, state, key)
    # The Gram matrix of the scaled losses needs no second backward pass.
    scaled = gram * scales[:, None] * scales[None]
    shares = base.among(solvers.alive(gram), imtl_g.weigh(scaled))
    return shares * scales, state

  return base.Balancer(by_losses.init, update, needs_gram=True, neutral=False)
