"""Measures what a step waits for data that stay on the host.

  python -m benchmarks.growth.streaming

Trains on rendered rooms whose arrays are memory-mapped files, with the training
split on the device and, in alternation, with `config.stream=True`. The steps
have one core to themselves; the thread that reads has another core, or the
same. Writes docs/results/streaming.csv: for each network and place of the
thread the median over periods of a step's time both ways, and of what a step
waited for its rows.
"""

import os
import pathlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from benchmarks import commands, results
from configs import dense
from mtl_jax import cells
from mtl_jax.cells import build
from mtl_jax.data import base
from mtl_jax.programs import compiled

# A step takes 8 pictures of 64 x 64 with their maps.
NETWORKS = {
  'unet (4, 8)': {'encoders': {'unet': {'widths': (4, 8)}}},
  'unet (8, 16, 32)': {},
}
PLACES = 'another core', 'the same core'


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


def main() -> None:
  """Measures all networks and writes the table."""
  parser = commands.parser('benchmarks.growth.streaming', __doc__)
  parser.add_argument('--steps', type=int, default=200, help='of a period')
  parser.add_argument('--periods', type=int, default=7, help='of each way')
  parser.add_argument('--out', type=pathlib.Path, default='docs/results')
  asked = parser.parse_args()
  cores = sorted(os.sched_getaffinity(0))
  if len(cores) < 2:
    parser.error('needs two cores, one for the steps and one to read')
  # Before JAX starts: its threads inherit the only core.
  os.sched_setaffinity(0, cores[:1])
  jax.config.update('jax_num_cpu_devices', 1)
  rows = []
  with tempfile.TemporaryDirectory() as folder:
    for name, changes in NETWORKS.items():
      ways = [way(changes, asked, stream, folder) for stream in (False, True)]
      for place, core in zip(PLACES, reversed(cores[:2]), strict=True):
        rows.append({'network': name, 'reads_on': place})
        rows[-1] |= compared(ways, core, asked)
        print(*rows[-1].values(), sep=', ', flush=True)
  results.write(asked.out / 'streaming.csv', rows)


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


if __name__ == '__main__':
  main()
