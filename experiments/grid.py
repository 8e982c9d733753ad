"""Factorial comparison: which matters more, the scheme or the balancer?

  python -m experiments.grid --config=configs/actg175.py \\
    --schemes=hard,mmoe,cross_stitch \\
    --balancers=equal,uncertainty,pcgrad,famo --workdir=out/grid

Trains every scheme with every balancer, and also `single` with `equal`, with
the same budget on the same splits. Writes the files of `experiments.compare`
and a table of schemes x balancers: grid.md, grid.csv and figures/grid.png. A
pair that cannot be trained, such as a gradient balancer with a scheme that
shares nothing, is left out and its entry is empty. A finished cell is not
trained again, even if `experiments.compare` trained it in the same workdir.

mtl_jax/report/grid/factorial.py describes the comparison and its tests.
"""

from __future__ import annotations

import itertools
import pathlib
import sys
from typing import TYPE_CHECKING

from experiments import cli, compare, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from mtl_jax import cells
  from mtl_jax.api import combinations, comparison
  from mtl_jax.processes import hosts
  from mtl_jax.records import atomic
  from mtl_jax.report import results as report_cells
  from mtl_jax.report import terminal
  from mtl_jax.report.compare import tables
  from mtl_jax.report.grid import grid, heatmap, two_way

if TYPE_CHECKING:
  from mtl_jax.api.experiment import Experiment

BASELINE = ('single', 'equal')


def main() -> None:
  """Trains all pairs and writes the table of schemes x balancers."""
  experiment = cli.experiment()._replace(reference=compare.REFERENCE.value)
  axes = levels()
  configs = chosen(experiment.config, *axes)
  train(experiment.loaded(), configs, *axes)


def levels() -> tuple[list[str], list[str]]:
  """Returns the schemes and the balancers of the flags, or of the config."""
  schemes, balancers = compare.chosen()
  return (
    combinations.expand('schemes', schemes),
    combinations.expand('balancers', balancers),
  )


def chosen(
  config: object, schemes: list[str], balancers: list[str]
) -> dict[grid.Pair, object]:
  """Returns the configs of all pairs, with the baseline, checked.

  Args:
    config: a whole one.
    schemes: rows of the grid.
    balancers: columns of the grid.

  Raises:
    InputError: as in `cells.check`.
  """
  config = combinations.swept(config)
  pairs = [BASELINE, *itertools.product(schemes, balancers)]
  configs = {p: combinations.choose(config, *p) for p in pairs}
  for one in configs.values():
    cells.check(one)
  return configs


def train(
  experiment: Experiment,
  configs: dict[grid.Pair, object],
  schemes: list[str],
  balancers: list[str],
) -> grid.Grid | None:
  """Trains all pairs; writes and prints the comparison and the grid.

  Args:
    experiment: loaded.
    configs: from `chosen`.
    schemes: rows of the grid.
    balancers: columns of the grid.

  Returns:
    The grid; None in other processes than the first.

  Raises:
    InputError: as in `make_cells`, or if training cannot begin.
  """
  table, refused = make_cells(configs, experiment)
  linear = experiment.references(table[0])
  folders = experiment.train(table)
  if not hosts.is_process_0():
    return None
  folders += linear()
  loaded = [report_cells.load(f) for f in folders]
  result = comparison.of(loaded, experiment, folders)
  folder = result.workdir
  result.write(folder)
  result.show()
  sys.stdout.flush()
  made = grid.make(loaded, result.long, schemes, balancers, refused)
  show(made, folder)
  result.draw(folder)
  print(result.written(folder))
  heatmap.write(made, folder / 'figures' / 'grid.png')
  print(f'written: {folder}/grid.md .csv, {folder}/figures/grid.png')
  return made


def make_cells(
  configs: dict[grid.Pair, object], experiment: Experiment
) -> tuple[list[cells.Cell], dict[grid.Pair, str]]:
  """Makes the cells of all pairs that can be trained.

  Args:
    configs: configs by scheme and balancer, with the baseline.
    experiment: loaded.

  Returns:
    The cells, the baseline first, and the error message of every other pair.

  Raises:
    InputError: if the baseline, or all other pairs, cannot be trained.
  """
  table, refused = [experiment.make(configs[BASELINE])], {}
  for pair, config in configs.items():
    if pair == BASELINE:  # It is in the table already.
      continue
    try:
      table.append(experiment.make(config))
    except InputError as error:
      refused[pair] = str(error)
      print(f'left out: {" with ".join(pair)}: {error}', file=sys.stderr)
  if refused and len(table) == 1:
    raise InputError('no pair can be trained with these settings')
  return table, refused


def show(result: grid.Grid, folder: pathlib.Path) -> None:
  """Writes and prints the table of schemes x balancers.

  Args:
    result: the table.
    folder: the workdir.
  """
  sheet = two_way.sheet(result)
  tables.write_csv(result.frame, folder / 'grid.csv')
  atomic.write(folder / 'grid.md', terminal.markdown(sheet))
  print()
  terminal.show(sheet)
  sys.stdout.flush()


if __name__ == '__main__':
  cli.run(main, compare.check_choices)
