"""What a step with each balancer costs over one with equal weights."""

import functools
import pathlib
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks import results
from benchmarks.balancers import resumed
from benchmarks.growth.trainings import Point, Training  # Before JAX.

import jax  # isort: skip

SAME = ('tasks', 'balancer')
SECONDS = 0.4  # of each in a round, at least


class Pair(NamedTuple):
  """A balancer that is timed beside `equal`, in so many rounds."""

  tasks: int
  balancer: str
  rounds: int

  @property
  def name(self) -> str:
    return f'{self.balancer}, {self.tasks} tasks'

  @property
  def key(self) -> dict[str, str]:
    """Cells that tell that it is measured."""
    return {k: str(value) for k, value in self._asdict().items()}


# One is kept: pairs come by their number of tasks.
@functools.lru_cache(maxsize=1)
def equal(tasks: int) -> Training:
  """The step that others are compared with; compiled once."""
  return Training(Point('tasks', tasks, tasks=tasks), SECONDS)


def measure(pair: Pair) -> dict[str, str]:
  """Microseconds of a step and seed, and the ratio of both, round by round.

  `equal` beside itself tells how much of a ratio is noise.
  """
  base = equal(pair.tasks)
  point = Point('tasks', pair.tasks, balancer=pair.balancer, tasks=pair.tasks)
  own = base if pair.balancer == 'equal' else Training(point, SECONDS)
  found = ([], [])
  for number in range(pair.rounds):
    for side in (1, 0) if number % 2 else (0, 1):
      found[side].append(microseconds((base, own)[side]))
  ratios = results.ratios(found[1], found[0])
  low, high = results.spread(ratios)
  return {
    'us': f'{statistics.median(found[1]):.4g}',
    'equal_us': f'{statistics.median(found[0]):.4g}',
    'ratio': f'{statistics.median(ratios):.4g}',
    'ratio_low': f'{low:.4g}',
    'ratio_high': f'{high:.4g}',
    'params': own.row()['params'],
    'runs': own.row()['runs'],
    'devices': own.row()['devices'],
    'device': jax.devices()[0].device_kind,
    'versions': f'jax {jax.__version__}',
  }


def microseconds(training: Training) -> float:
  """Of a step of one seed, all cores together."""
  training.measure()
  cell = training.cell
  steps = training.periods * cell.config.steps
  copies = len(cell.chunks()[0].runs)
  return 1000 * results.per_step(training.seconds[-1], steps, copies)


def run(
  path: pathlib.Path, tasks: Sequence[int], names: Sequence[str], count: int
) -> None:
  """What is not in the CSV yet."""
  points = [Pair(k, name, count) for k in tasks for name in names]

  def place(row):
    return int(row['tasks']), row['balancer']

  resumed.run(path, points, measure, SAME, place)
