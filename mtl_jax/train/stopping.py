"""Early stopping: from when on nothing of a run is selected any more.

Runs of one program train for equal numbers of steps, so that a run which has
stopped goes on beside the others. It keeps what was best when it stopped: the
step of the best evaluation says when that was, and no later one is eligible.
"""

from typing import Any

from mtl_jax.train.state import System


def stop(system: System, best_step: Any) -> Any:
  """The number of the evaluation at which a group stops, counted from 1.

  That is the first one after `System.patience` evaluations without a better
  score. Those before `System.selection_start` do not count, since none of them
  could have been selected.

  Args:
    system: with a patience above 0.
    best_step: steps of the best scores so far, an array of integers.

  Returns:
    Integers of the same shape, which may lie behind the end of the run.
  """
  start = best_step.clip(system.selection_start)
  return number(system, start) + system.patience


def has_stopped(system: System, best_step: Any, step: Any) -> Any:
  """Whether groups have stopped before the evaluation at `step`.

  Once true it stays so, since the best step of a group that has stopped no
  longer changes.

  Args:
    system: with a patience above 0.
    best_step: as in `stop`.
    step: steps taken so far.

  Returns:
    Booleans of the shape of `best_step`.
  """
  return stop(system, best_step) < number(system, step)


def number(system: System, step: Any) -> Any:
  """The number of the first evaluation at or after `step`, counted from 1."""
  # The last period may be shorter, so that steps are no measure of it.
  return -(-step // system.period)
