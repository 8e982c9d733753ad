"""The side of mtl_jax: a cell of 8 seeds, trained as for a table."""

import sys
from typing import Any

from benchmarks.speed import worker, workloads
from mtl_jax import devices

devices.use_every_core()  # Before JAX is used by anything below.

import jax  # noqa: E402

from benchmarks.speed import drawn_rows  # noqa: E402
from configs import default  # noqa: E402
from mtl_jax import cells  # noqa: E402
from mtl_jax.cells import build  # noqa: E402
from mtl_jax.programs import compiled, profiling  # noqa: E402

DTYPE_KEY = 'compute'  # of the config: the type of products
SIDE = 2048  # of the square matrices that the peak is measured with


def configure(workload: workloads.Workload, seeds: int, **keys: Any) -> Any:
  """Returns the config that a user would write for this workload.

  Args:
    workload: one of `workloads.STEPS`.
    seeds: how many the program trains at once.
    **keys: further keys of the config and their values.
  """
  config = default.get_config()
  config.dataset = workload.dataset
  config.datasets.drawn_rows = {'workload': workload.name}
  config.encoder = workload.encoder
  config.encoders[workload.encoder].update(workload.fields)
  config.scheme, config.balancer = workload.scheme, workload.balancer
  config.schemes.mmoe.num_experts = workloads.EXPERTS
  config.seeds, config.batch_size = seeds, workload.batch
  config.steps, config.evals = workload.period, 1
  config.eval_batch_size = drawn_rows.evaluated(workload)
  config.hp.lr = (workloads.LR,)
  config.update(keys)
  return config


def make_cell(config: Any) -> cells.Cell:
  """Loads the data sets of a config and traces its cell."""
  return cells.make(config, build.data(config))


class Training:
  """The compiled programs of a config's cell, and the state of its runs."""

  def __init__(self, config: Any):
    self.cell = cell = make_cell(config)
    self.period = config.steps // config.evals
    self.programs, self.inputs = compiled.prepare(cell)
    self.compile_seconds = self.programs.seconds
    self.state = self.programs.start(self.inputs)

  def train(self, steps: int) -> int:
    """Trains whole periods, at least one.

    Args:
      steps: about how many each seed is to train.

    Returns:
      How many steps each seed has trained.
    """
    periods = max(1, round(steps / self.period))
    for _ in range(periods):
      self.state, *records = self.programs.period(self.inputs, self.state)
      jax.device_get(records)  # A run fetches them too, to write them.
    return periods * self.period


def start(name: str, seeds: str = '', dtype: str = ''):
  """Compiles a workload; the arguments come from the command line.

  Args:
    name: one of `workloads.STEPS`.
    seeds: how many to train at once; empty for `workloads.SEEDS`.
    dtype: the type of products, such as 'bfloat16'; empty for float32.

  Returns:
    What `worker.serve` needs: a function that trains, and facts about it.
  """
  workload = workloads.STEPS[name]
  copies = int(seeds or workloads.SEEDS)
  keys = {DTYPE_KEY: dtype} if dtype else {}
  training = Training(configure(workload, copies, **keys))
  training.train(1)
  facts = training.cell.facts
  return training.train, {
    'compile_seconds': training.compile_seconds,
    'flops': facts.flops,
    'parameters': facts.parameters,
    'peak': profiling.peak_flops(SIDE),
    'devices': jax.device_count(),
    'versions': f'jax {jax.__version__}',
    'copies': copies,
    'device': jax.devices()[0].device_kind,
  }


if __name__ == '__main__':
  worker.serve(lambda: start(*sys.argv[1:]))
