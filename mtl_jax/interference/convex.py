"""Minima of convex functions of few numbers, smooth or not.

L-BFGS needs no second derivatives, which absolute errors do not have. With as
many steps in memory as there are numbers it is nearly BFGS, which finds minima
of such functions too (Lewis and Overton, Mathematical Programming 141, 2013).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax
from jax import lax
from jaxtyping import Array, Float

# Smooth functions have then converged. Mean absolute errors of 4,096 rows, by
# 64 numbers, are within .1 % of their minimum, and of 1,000 rows within 2 %.
STEPS = 200

Point = Float[Array, 'n']


def minimum(
  function: Callable[[Point], Float[Array, '']], start: Point
) -> Point:
  """Minimises a function.

  Args:
    function: convex, and with a gradient almost everywhere.
    start: where to begin.

  Returns:
    The lowest point that was met, which is `start` where all else is NaN.
  """
  solver = optax.lbfgs(memory_size=start.size)
  measured = optax.value_and_grad_from_state(function)

  def step(carry, _):
    point, state, lowest = carry
    value, slope = measured(point, state=state)
    change, state = solver.update(
      slope, state, point, value=value, grad=slope, value_fn=function
    )
    better = value < lowest[0]
    lowest = jax.tree.map(
      lambda new, old: jnp.where(better, new, old), (value, point), lowest
    )
    return (optax.apply_updates(point, change), state, lowest), ()

  first = start, solver.init(start), (function(start), start)
  return lax.scan(step, first, length=STEPS)[0][2][1]
