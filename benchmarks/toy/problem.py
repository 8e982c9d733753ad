"""Two losses of two parameters, the first experiment of several papers.

CAGrad (arXiv:2110.14048), Nash-MTL (arXiv:2202.01017) and FAMO
(arXiv:2306.03792) run Adam from five starting points and report which of them
reach the Pareto front. The second loss has `+ tanh(-x2)`, as in the public code
of all three; the papers print a minus.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtl_jax import plugins

Point = Float[Array, '2']

FRONT = -8.3552  # x2 of the Pareto front, where x1 is from -7 to 7


class Setting(NamedTuple):
  """The experiment of a paper, as in its public code.

  Attributes:
    scale: factor of the first loss.
    steps: of Adam.
    c: field of CAGrad.
    starts: starting points, (x1, x2).
    methods: names of balancers.
  """

  scale: float
  steps: int
  c: float
  starts: tuple[tuple[float, float], ...]
  methods: tuple[str, ...]


SETTINGS = {
  'famo': Setting(
    scale=0.1,
    steps=50_000,
    c=0.4,
    starts=((-8.5, 7.5), (0.0, 0.0), (9.0, 9.0), (-7.5, -0.5), (9.0, -1.0)),
    methods=tuple(plugins.names('mtl_jax.balancers')),
  ),
  # CAGrad's code has the first, second and fourth starting point. The paper has
  # five, with (-8.5, 5) as the second.
  'cagrad': Setting(
    scale=1.0,
    steps=100_000,
    c=0.5,
    starts=((-8.5, 7.5), (-8.5, -5.0), (0.0, 0.0), (9.0, 9.0), (10.0, -8.0)),
    methods=('equal', 'mgda', 'pcgrad', 'cagrad'),
  ),
}


def losses(x: Point, scale: float) -> Float[Array, '2']:
  """Returns both losses: valleys with kinks where x2 > 0, bowls where x2 < 0.

  Args:
    x: the two parameters, `[2]`.
    scale: factor of the first loss.

  Returns:
    The losses, `[2]`.
  """
  a, b = x
  valley = (
    _log(0.5 * (-a - 7) - jnp.tanh(-b)),
    _log(0.5 * (-a + 3) + jnp.tanh(-b) + 2),
  )
  bowl = [((-a + s) ** 2 + 0.1 * (-b - 8) ** 2) / 10 - 20 for s in (7, -7)]
  above = jnp.maximum(jnp.tanh(0.5 * b), 0)
  below = jnp.maximum(jnp.tanh(-0.5 * b), 0)
  first, second = (
    above * f + below * g for f, g in zip(valley, bowl, strict=True)
  )
  return jnp.stack([scale * first, second])


def _log(x):
  return jnp.log(jnp.maximum(jnp.abs(x), 5e-6)) + 6


def lowest(scale: float) -> tuple[float, float]:
  """Returns lower bounds of both losses, as in FAMO's code."""
  return -21 * scale, -21.0


def reached(x: Float[Array, '*any 2']) -> Bool[Array, '*any']:
  """Whether x is on the Pareto front, or as close as Adam oscillates."""
  return (abs(x[..., 1] + 8.36) < 0.35) & (abs(x[..., 0]) <= 7.15)
