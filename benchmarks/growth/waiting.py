"""Times a training on rows of the host beside one on rows of the device."""

import os
import pathlib
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from configs import dense
from mtl_jax import cells
from mtl_jax.cells import build
from mtl_jax.data import base
from mtl_jax.programs import compiled


class Way(NamedTuple):
  """A compiled training, with its rows on the device or on the host.

  Attributes:
    programs: of the cell.
    inputs: what its runs read.
  """

  programs: compiled.Compiled
  inputs: Any


class Waits:
  """Seconds that the training thread has waited for blocks of rows."""

  def __init__(self):
    self.seconds = 0.0

  def around(self, of_period: Callable) -> Callable:
    """Returns `Blocks.of_period`, which counts how long each block takes."""

    def counted(*arguments: Any) -> Iterator[Any]:
      blocks = of_period(*arguments)
      while True:
        began = time.monotonic()
        block = next(blocks, None)
        self.seconds += time.monotonic() - began
        if block is None:
          return
        yield block

    return counted


def one_core(core: int) -> None:
  """Gives JAX one core; call it before JAX starts, whose threads inherit it."""
  os.sched_setaffinity(0, [core])
  jax.config.update('jax_num_cpu_devices', 1)


def way(changes: dict, asked: Any, stream: bool, folder: str) -> Way:
  """Compiles a training of one run.

  Args:
    changes: of the config of rendered rooms.
    asked: flags of this command.
    stream: whether rows stay on the host.
    folder: into which the arrays of the training split are written.
  """
  c = dense.get_config()
  c.resplit, c.seeds, c.scheme, c.stream = False, 1, 'hard', stream
  c.evals = asked.periods + 2  # so that the next one is always read
  c.steps = c.evals * asked.steps
  c.update(changes)
  (data,) = build.data(c)
  train = jax.tree.map(lambda x: mapped(np.asarray(x), folder), data.train)
  programs, inputs = compiled.prepare(
    cells.make(c, [base.Data(train, *data[1:])])
  )
  return Way(programs, inputs)


def mapped(array: np.ndarray, folder: str) -> np.ndarray:
  """Returns an array that is read from a file, page by page."""
  path = pathlib.Path(folder, f'{time.monotonic_ns()}.npy')
  np.save(path, array)
  return np.asarray(np.load(path, mmap_mode='r'))


def compared(ways: list[Way], core: int, asked: Any) -> dict[str, str]:
  """Times periods of both ways in alternation.

  Args:
    ways: on the device, and on the host.
    core: on which rows are read.
    asked: flags of this command.

  Returns:
    Columns of the table, in ms per step.
  """
  waits = Waits()
  blocks = ways[1].programs._streaming._blocks
  blocks._pool.submit(os.sched_setaffinity, 0, [core]).result()
  blocks.of_period = waits.around(blocks.of_period)
  states = [own.programs.start(own.inputs) for own in ways]
  taken: list[list[float]] = [[], []]
  waited = []
  for number in range(asked.periods + 1):  # the first is not counted
    waits.seconds = 0.0
    for i, own in enumerate(ways):
      began = time.monotonic()
      states[i], _ = own.programs.steps(own.inputs, states[i])
      jax.block_until_ready(states[i])
      taken[i] += [time.monotonic() - began] * (number > 0)
    waited += [waits.seconds] * (number > 0)
    if blocks._ahead:  # What is read while a period is evaluated.
      blocks._ahead[1].result()
  resident, streamed, wait = (
    1000 * statistics.median(one) / asked.steps for one in (*taken, waited)
  )
  return {
    'resident_ms': f'{resident:.2f}',
    'streamed_ms': f'{streamed:.2f}',
    'ratio': f'{streamed / resident:.3f}',
    'waited_ms': f'{wait:.3f}',
  }
