"""Tunes every balancer with one budget, and compares them.

  python -m experiments.tune --config=configs/actg175.py --draws=32 \\
    --config.first_seed=100 --workdir=out/tuned

Gives every balancer, or those of `--balancers`, the same number of draws with
one sharing scheme: the configuration's own setting, and random ones around it:
a learning rate, a weight decay and a penalty, by factors that are the same for
all, and the fields in the RANGES of the balancer's file. Further rows are
`single`, `equal`, and `static`, whose draws are constant task weights: the
baseline that a balancer should outperform.

Each draw is trained with every seed. With resplits every seed is a tuning split
of its own and chooses by its own validation score; on one fixed split, or where
each seed has rows of its own, the mean over the seeds chooses. Take seeds on
which the configuration was not searched, by `--config.first_seed`. The table
also holds the reference, and `single` as the configuration has it.

`python -m experiments.compare --tune=N` does the same for schemes. Writes the
same files; for two tasks also the Pareto front of static weights. Run the same
command again to continue after an interruption.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

from absl import flags

from experiments import cli, compare, lazy

with lazy.imports():
  from mtl_jax.api import combinations, draw_count, methods, tuned
  from mtl_jax.report import pareto

if TYPE_CHECKING:
  from mtl_jax.report.tuning.merging import Tuned

DRAWS = flags.DEFINE_integer('draws', 32, 'The number of draws per method.')


def check() -> None:
  """Checks the flags without importing JAX.

  Raises:
    InputError: as in `compare.check_choices`, or if the number of draws makes
      no sense.
  """
  compare.check_choices()
  draw_count.check('--draws', DRAWS.value, cli.CONFIG.value)


def main() -> None:
  """Trains all draws of all methods and writes the report."""
  experiment = cli.experiment()._replace(reference=compare.REFERENCE.value)
  scheme = cli.SCHEME.value or experiment.config.scheme
  rows = methods.of_balancers(scheme, balancers())
  # Not all balancers go with every scheme; one that was named must.
  every = not compare.BALANCERS.value
  result = tuned.run(experiment, rows, DRAWS.value, every)
  if not result:
    return
  result.report()
  if len(result.cells[0].tasks) == 2:
    front(result.tuned, result.workdir / 'figures' / 'front.png')


def balancers() -> list[str]:
  """Returns the balancers of `--balancers`, all by default."""
  given = compare.BALANCERS.value or ['all']
  return combinations.expand('balancers', given)


def front(tuned: list[Tuned], path: pathlib.Path) -> None:
  """Draws the losses of two tasks under static weights and under balancers.

  Args:
    tuned: the rows of the table.
    path: of the PNG.
  """
  chosen = {row.cell.scheme: row.cell for row in tuned}
  static = next((row for row in tuned if row.cell.scheme == 'static'), None)
  if static:
    pareto.draw(static.draws, chosen, path)
    print(f'front of static weights: {path}')


if __name__ == '__main__':
  cli.run(main, check)
