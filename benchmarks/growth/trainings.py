"""A point of the growth benchmark: its config and its compiled program."""

import statistics
import time
from typing import Any, NamedTuple

from mtl_jax import devices

devices.use_every_core()  # Before JAX is used by anything below.

import jax  # noqa: E402

from configs import default  # noqa: E402
from mtl_jax import cells  # noqa: E402
from mtl_jax.cells import build  # noqa: E402
from mtl_jax.programs import compiled  # noqa: E402

SECONDS = 0.1  # of a measurement, at least
SETS = {'lenet': 'multi_digits', 'mlp': 'actg175'}


class Point(NamedTuple):
  """One cell: its position on an axis, and what it trains.

  Attributes:
    axis: one of those of `benchmarks.growth`.
    value: position on the axis.
    parallel: `config.parallel`.
    runs: seeds.
    scheme: `config.scheme`.
    balancer: `config.balancer`.
    encoder: `config.encoder`.
    tasks: of drawn data; 0 for ACTG 175 or the encoder's own data set.
    width: of both layers of an MLP.
    experts: of `mmoe`.
  """

  axis: str
  value: int
  parallel: str = 'auto'
  runs: int = 8
  scheme: str = 'hard'
  balancer: str = 'equal'
  encoder: str = 'mlp'
  tasks: int = 0
  width: int = 64
  experts: int = 4


def configure(point: Point) -> Any:
  """Returns the config that a user would write for this point."""
  config = default.get_config()
  config.encoder, config.scheme = point.encoder, point.scheme
  config.balancer, config.parallel = point.balancer, point.parallel
  config.encoders.mlp.widths = (point.width, point.width)
  config.schemes.mmoe.num_experts = point.experts
  config.dataset = SETS.get(point.encoder, 'sentiment_topic')
  config.resplit = point.encoder == 'mlp'
  if point.tasks:
    config.dataset = 'benchmarks.growth.many_tasks'
    config.datasets.many_tasks = {'tasks': point.tasks}
  config.seeds, config.evals = point.runs, 1
  config.steps = 200 if point.encoder == 'mlp' else 5
  config.eval_batch_size = config.batch_size
  return config


class Training:
  """A point's compiled program, and the times of its measurements.

  Args:
    point: what is trained.
    seconds: about how long a measurement takes.

  Attributes:
    tracing: CPU seconds of making and tracing the cell.
    compiling: CPU seconds of lowering and compiling.
    seconds: wall time of each measurement so far.
  """

  def __init__(self, point: Point, seconds: float = SECONDS):
    config = configure(point)
    datas = build.data(config)
    began = time.process_time()
    self.point, self.cell = point, cells.make(config, datas)
    traced = time.process_time()
    self.programs, self.inputs = compiled.prepare(self.cell)
    self.tracing = traced - began
    self.compiling = time.process_time() - traced
    self.state = self.programs.start(self.inputs)
    self.periods = 1
    self.seconds = []
    # The first calls warm up; they also give the number of periods that one
    # measurement has.
    began = time.perf_counter()
    self.train()
    self.train()
    took = (time.perf_counter() - began) / 2
    self.periods = max(1, round(seconds / took))

  def train(self) -> None:
    """Trains the periods of one measurement and waits for the last one."""
    for _ in range(self.periods):
      self.state, *records = self.programs.period(self.inputs, self.state)
    jax.block_until_ready(records)

  def measure(self) -> None:
    """Trains once more and appends the time to `seconds`."""
    began = time.perf_counter()
    self.train()
    self.seconds.append(time.perf_counter() - began)

  def row(self) -> dict[str, str]:
    """Returns the point's line of growth.csv, from the median time."""
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
      'params': str(cell.traced.state.params.layout.size),
      'step_bytes': str(cell.need.step),
      'ms_per_step_per_run': (
        f'{1000 * statistics.median(self.seconds) / steps:.4g}'
      ),
      'mb_predicted': f'{cell.plan.needed / 1e6:.4g}',
      'mb_measured': f'{self.programs.memory() / 1e6:.4g}',
      'trace_cpu_s': f'{self.tracing:.3g}',
      'compile_cpu_s': f'{self.compiling:.3g}',
    }
