"""A sweep of tiny cells through a launcher, as a process of its own.

  python -m tests.faults.load.sweep WORKDIR LAUNCHER CELLS [STEPS EVALS]

The cells differ in their learning rate, so that they are one program.
"""

import copy
import pathlib
import sys

from configs import default
from mtl_jax import plugins
from mtl_jax.api import experiment, start
from mtl_jax.launchers import base
from mtl_jax.processes import signals

STEPS, EVALS, SEEDS = 40, 4, 2


def config(**changes):
  """Returns the config of a run of milliseconds."""
  own = default.get_config()
  own.dataset, own.scheme = 'tests.toy', 'hard'
  own.encoders.mlp.widths = (4,)
  own.seeds, own.steps, own.evals, own.batch_size = SEEDS, STEPS, EVALS, 8
  own.keep, own.verbose, own.checkpoint_seconds = 'nothing', 0, 0.0
  own.update(changes)
  return own


def train(
  workdir: pathlib.Path, launcher: str, count: int, **changes: int
) -> None:
  """Trains the cells that are not finished.

  Args:
    workdir: of the cells.
    launcher: its name; Ray has to be started before JAX.
    count: number of cells.
    **changes: of the config.
  """
  make = plugins.find('mtl_jax.launchers', launcher, 'make')
  # One core each: they are too small for more.
  resources = base.Resources(cpus=1) if launcher == 'ray' else base.Resources()
  asked = experiment.Experiment(
    config(**changes), make(resources), workdir, reference=False
  )
  with start.started():
    own = asked.loaded()
    configs = [copy.deepcopy(own.config) for _ in range(count)]
    for i, one in enumerate(configs):
      one.hp.lr = (1e-3 + 1e-5 * i,)
    own.train(own.make_all(configs, skip_invalid=False))


if __name__ == '__main__':
  workdir, name, *numbers = sys.argv[1:]
  count, *given = map(int, numbers)
  budget = dict(zip(('steps', 'evals'), given, strict=False))
  try:
    train(pathlib.Path(workdir), name, count, **budget)
  except signals.Stopped as stop:
    sys.exit(128 + stop.signum)
