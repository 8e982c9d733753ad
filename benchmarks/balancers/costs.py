"""Times a step with each balancer against a step with equal weights."""

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
SECONDS = 0.4  # of each side in a round, at least


class Pair(NamedTuple):
  """A balancer that is timed against `equal`.

  Attributes:
    tasks: how many; each has one output.
    balancer: its name.
    rounds: how often both are timed.
  """

  tasks: int
  balancer: str
  rounds: int

  @property
  def name(self) -> str:
    """What the progress line shows."""
    return f'{self.balancer}, {self.tasks} tasks'

  @property
  def key(self) -> dict[str, str]:
    """The cells by which its row in balancers.csv is recognised."""
    return {k: str(value) for k, value in self._asdict().items()}


# One entry is enough: pairs are sorted by their number of tasks.
@functools.lru_cache(maxsize=1)
def equal(tasks: int) -> Training:
  """Returns the compiled step that the others are compared with."""
  return Training(Point('tasks', tasks, tasks=tasks), SECONDS)


def measure(pair: Pair) -> dict[str, str]:
  """Returns the measured columns of a row of balancers.csv.

  Times are microseconds per step and seed; the ratio is taken in each round.
  For `equal` both sides are the same program: the deviation of that ratio from
  1 shows the noise.
  """
  base = equal(pair.tasks)
  point = Point('tasks', pair.tasks, balancer=pair.balancer, tasks=pair.tasks)
  own = base if pair.balancer == 'equal' else Training(point, SECONDS)
  times = ([], [])
  for number in range(pair.rounds):
    for side in (1, 0) if number % 2 else (0, 1):
      times[side].append(microseconds((base, own)[side]))
  ratios = results.ratios(times[1], times[0])
  low, high = results.spread(ratios)
  return {
    'us': f'{statistics.median(times[1]):.4g}',
    'equal_us': f'{statistics.median(times[0]):.4g}',
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
  """Measures microseconds per step and seed, using all cores."""
  training.measure()
  cell = training.cell
  steps = training.periods * cell.config.steps
  copies = len(cell.chunks()[0].runs)
  return 1000 * results.per_step(training.seconds[-1], steps, copies)


def run(
  path: pathlib.Path, tasks: Sequence[int], names: Sequence[str], count: int
) -> None:
  """Measures the pairs that the CSV file does not have yet.

  Args:
    path: balancers.csv.
    tasks: numbers of tasks.
    names: balancers, each measured with every number of tasks.
    count: rounds.
  """
  points = [Pair(k, name, count) for k in tasks for name in names]

  def place(row):
    return int(row['tasks']), row['balancer']

  resumed.run(path, points, measure, SAME, place)
