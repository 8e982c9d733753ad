"""Schedules of the learning rate: factors from 0 to 1 by step."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import optax


def phased(
  schedule: Callable[[int], optax.Schedule], steps: int, cut: int
) -> optax.Schedule:
  """A schedule that starts again at a scheme's restart.

  Args:
    schedule: number of steps -> schedule.
    steps: of a whole run.
    cut: the step of the restart; 0 is none.

  Returns:
    One schedule for the steps before `cut` and one for those from it on.
  """
  if not cut:
    return schedule(steps)
  # `second` is evaluated before the cut as well, at negative counts; `where`
  # drops those values.
  first, second = schedule(cut), schedule(steps - cut)
  return lambda count: jnp.where(count < cut, first(count), second(count - cut))


def unscheduled(count: Any) -> float:
  """A factor of 1 in every step."""
  del count
  return 1.0


def constant(steps: int) -> optax.Schedule:
  """A factor of 1 throughout."""
  del steps
  return optax.constant_schedule(1.0)


def cosine(steps: int, final: float = 0.0) -> optax.Schedule:
  """Half a cosine from 1 to `final`: Loshchilov and Hutter, arXiv:1608.03983.

  Args:
    steps: of a whole run.
    final: the factor at the end.

  Returns:
    step -> factor of the learning rate.
  """
  return optax.cosine_decay_schedule(1.0, steps, final)


def warmup(
  steps: int, warmup_steps: int = 100, final: float = 0.0
) -> optax.Schedule:
  """Linear from 0 to 1, then half a cosine to `final`.

  Args:
    steps: of a whole run.
    warmup_steps: of the linear part, cut to `steps - 1`.
    final: the factor at the end.

  Returns:
    step -> factor of the learning rate.
  """
  # Optax requires the warmup to be shorter than the whole schedule.
  length = min(warmup_steps, steps - 1)
  return optax.warmup_cosine_decay_schedule(0.0, 1.0, length, steps, final)


def step(
  steps: int, boundaries: tuple[float, ...] = (0.5, 0.75), factor: float = 0.1
) -> optax.Schedule:
  """Multiplies by `factor` at each boundary.

  Args:
    steps: of a whole run.
    boundaries: fractions of `steps`.
    factor: of the learning rate.

  Returns:
    step -> factor of the learning rate.
  """
  factors = {int(fraction * steps): factor for fraction in boundaries}
  return optax.piecewise_constant_schedule(1.0, factors)


SCHEDULES = {
  'constant': constant,
  'cosine': cosine,
  'warmup': warmup,
  'step': step,
}
