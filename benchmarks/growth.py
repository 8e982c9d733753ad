"""How time and memory of a step grow with seeds, tasks, towers and size.

  python -m benchmarks.growth                 # all
  python -m benchmarks.growth --axes=runs     # one; the others' lines stay

Every point is a cell of ours, trained by its own compiled program; the points
of one axis are trained in turn. Memory is what the compiled program holds on
each device: arguments, results and temporaries.
"""

import pathlib
import statistics
import sys
import time
from typing import Any, NamedTuple

from absl import app, flags, logging

from benchmarks import rounds
from mtl_jax import devices

devices.use_every_core()  # Before JAX is used by anything below.

import jax  # noqa: E402

from benchmarks import growth_page  # noqa: E402
from configs import default  # noqa: E402
from mtl_jax import build, cells, costs, modules, programs  # noqa: E402
from mtl_jax.errors import InputError, nearest  # noqa: E402

AXES = ('runs', 'tasks', 'towers', 'width', 'encoder')
CHOSEN = flags.DEFINE_list('axes', list(AXES), 'Which.')
OUT = flags.DEFINE_string('out', 'docs/results', 'Folder of the results.')
PAGE = flags.DEFINE_string('page', 'docs/growth.md', 'Written from the CSV.')
REPEATS = flags.DEFINE_integer('repeats', 5, 'Each trains every point.', 1)
SECONDS = 0.1  # of a point in a repeat, at least


class Point(NamedTuple):
  """One cell: where on its axis, and what it trains."""

  axis: str
  value: int
  parallel: str = 'auto'
  runs: int = 8
  scheme: str = 'hard'
  balancer: str = 'equal'
  encoder: str = 'mlp'
  tasks: int = 0  # 0 is ACTG 175
  width: int = 64
  experts: int = 4


def points(axis: str) -> list[Point]:
  """The points of an axis."""
  ways = ('map', 'vmap')
  if axis == 'runs':
    equal = [Point(axis, 2**n, way, 2**n) for n in range(7) for way in ways]
    gram = [Point(axis, r, 'auto', r, balancer='pcgrad') for r in (1, 8, 64)]
    return equal + gram
  if axis == 'tasks':
    names = ('equal', 'mgda', 'pcgrad', 'uncertainty')
    counts = (2, 5, 10, 20, 40)
    return [Point(axis, k, balancer=b, tasks=k) for b in names for k in counts]
  if axis == 'towers':
    single = [Point(axis, k, scheme='single', tasks=k) for k in (2, 5, 10, 20)]
    mmoe = [Point(axis, e, scheme='mmoe', experts=e) for e in (2, 4, 8, 16)]
    return single + mmoe
  if axis == 'width':
    widths = (8, 16, 32, 64, 128, 512)
    found = [('equal', w) for w in widths] + [('pcgrad', w) for w in (8, 64)]
    return [
      Point(axis, w, way, balancer=b, width=w) for b, w in found for way in ways
    ]
  names = ('lenet', 'lstm', 'transformer')
  found = [n for n in names if n in modules.names('mtl_jax.encoders')]
  return [Point(axis, 4, way, 4, encoder=n) for n in found for way in ways]


SETS = {'lenet': 'multi_digits', 'mlp': 'actg175'}


def configure(point: Point) -> Any:
  """The config that a user would write for this point."""
  config = default.get_config()
  config.encoder, config.scheme = point.encoder, point.scheme
  config.balancer, config.parallel = point.balancer, point.parallel
  config.encoders.mlp.widths = (point.width, point.width)
  config.schemes.mmoe.num_experts = point.experts
  config.dataset = SETS.get(point.encoder, 'sentiment_topic')
  config.resplit = point.encoder == 'mlp'
  if point.tasks:
    config.dataset = 'benchmarks.many_tasks'
    config.datasets.many_tasks = {'tasks': point.tasks}
  config.seeds, config.evals = point.runs, 1
  config.steps = 200 if point.encoder == 'mlp' else 5
  config.eval_batch_size = config.batch_size
  return config


class Training:
  """A point's compiled program, and how long its periods take."""

  def __init__(self, point: Point):
    config = configure(point)
    self.point, self.cell = point, cells.make(config, build.data(config))
    self.programs = programs.Programs(self.cell)
    self.inputs = self.programs.inputs(self.cell.chunks()[0])
    self.programs.compile(self.inputs)
    self.state = self.programs.start(self.inputs)
    self.periods = 1
    self.seconds = []
    began = time.perf_counter()
    self.train()
    self.train()
    took = (time.perf_counter() - began) / 2
    self.periods = max(1, round(SECONDS / took))

  def train(self) -> None:
    for _ in range(self.periods):
      self.state, *told = self.programs.period(self.inputs, self.state)
    jax.block_until_ready(told)

  def measure(self) -> None:
    began = time.perf_counter()
    self.train()
    self.seconds.append(time.perf_counter() - began)

  def row(self) -> dict[str, str]:
    """The line of the CSV."""
    point, cell = self.point, self.cell
    runs = len(cell.chunks()[0].runs)
    steps = self.periods * cell.config.steps * runs
    way = 'vmap' if cell.plan.side_by_side else 'map'
    return {
      'axis': point.axis,
      'value': str(point.value),
      'scheme': point.scheme,
      'balancer': point.balancer,
      'encoder': point.encoder,
      'dataset': cell.config.dataset,
      'tasks': str(len(cell.system.tasks)),
      'runs': str(runs),
      'parallel': point.parallel,
      'order': way,
      'devices': str(cell.place.rows),
      'params': str(costs.parameters(cell.traced.state.params)),
      'step_bytes': str(cell.need.step),
      'ms_per_step_per_run': (
        f'{1000 * statistics.median(self.seconds) / steps:.4g}'
      ),
      'mb_predicted': f'{cell.plan.needed / 1e6:.4g}',
      'mb_measured': f'{self.programs.memory() / 1e6:.4g}',
    }


def measured(axis: str) -> list[dict[str, str]]:
  """Rows of an axis; its points take turns."""
  trainings = [Training(point) for point in points(axis)]
  for repeat in range(REPEATS.value):
    for training in trainings[:: -1 if repeat % 2 else 1]:
      training.measure()
  return [training.row() for training in trainings]


def main(_) -> None:
  logging.set_verbosity(logging.WARNING)
  path = pathlib.Path(OUT.value) / 'growth.csv'
  for axis in CHOSEN.value:
    if axis not in AXES:
      sys.exit(f'error: unknown axis {axis!r}: {nearest(axis, AXES)}')
  try:
    for axis in CHOSEN.value:
      new = measured(axis)
      old = [row for row in rounds.read(path) if row['axis'] != axis]
      rows = sorted(old + new, key=lambda row: AXES.index(row['axis']))
      rounds.write(path, rows)
      print(f'{axis}: {len(new)} points', flush=True)
  except InputError as error:
    sys.exit(f'error: {error}')
  growth_page.write(path, pathlib.Path(PAGE.value))


if __name__ == '__main__':
  app.run(main)
