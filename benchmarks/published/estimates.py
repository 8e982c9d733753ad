"""Memory of a row predicted from shapes, and hours from a few steps."""

import copy
import time
from typing import NamedTuple

import jax

from benchmarks.published import sizes
from mtl_jax import cells
from mtl_jax.programs import compiled
from mtl_jax.resources import plans

STEPS = 3  # that are timed, after as many to warm up


class Estimate(NamedTuple):
  """Of a row, all seeds.

  Attributes:
    memory: predicted bytes on each device.
    fits: whether so much is free.
    step: seconds of a step of all runs that are trained together.
    hours: of all steps of all seeds, without evaluations.
  """

  memory: int
  fits: bool
  step: float
  hours: float

  def text(self) -> str:
    """Describes it in one line."""
    memory = plans.amount(self.memory)
    free = '' if self.fits else ', MORE THAN IS FREE'
    return (
      f'{memory} on a device{free}; {self.step:.3g} s a step, '
      f'{self.hours:.3g} hours'
    )


def measure(cell: cells.Cell) -> Estimate:
  """Compiles a few steps of a cell and times them.

  Args:
    cell: of a row; it is not trained.
  """
  config = copy.deepcopy(cell.config)
  sizes.shorten(config, STEPS)
  short = cells.make(config, cell.datas)
  programs, inputs = compiled.prepare(short)
  state = programs.start(inputs)
  state, _ = programs.steps(inputs, state)
  jax.block_until_ready(state)
  began = time.perf_counter()
  state, _ = programs.steps(inputs, state)
  jax.block_until_ready(state)
  step = (time.perf_counter() - began) / STEPS
  hours = step * cell.config.steps * len(cell.chunks()) / 3600
  return Estimate(cell.plan.needed, cell.plan.fits, step, hours)
