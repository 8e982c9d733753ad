"""Compares sharing schemes with single-task learning on one data set.

  python -m experiments.compare --config=configs/actg175.py \\
    --schemes=hard,soft_l2,cross_stitch --workdir=out/actg175

Trains every scheme with every balancer, and also `single`, with the same budget
on the same splits. Prints the table and writes it, its figures and a page into
the workdir. A finished cell is not trained again.

  ... --schemes=all --tune=16 --config.first_seed=100

gives every row 16 draws of hyperparameters around the configuration's own, each
trained with every seed, and lets each resplit choose by its validation score.
The seeds should be fresh: not those on which the configuration was searched.
Writes also draws.csv, untuned.csv, and tuning curves.
"""

from __future__ import annotations

import copy
import pathlib
import shlex
import sys
import types
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from absl import flags

from experiments import cli, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from experiments import methods, tuning
  from mtl_jax import cells, plugins, run
  from mtl_jax.launchers import base
  from mtl_jax.plugins import checks
  from mtl_jax.processes import hosts
  from mtl_jax.records import owner
  from mtl_jax.report import results as report_cells
  from mtl_jax.report import unchanged
  from mtl_jax.report.compare import page, shown, tables
  from mtl_jax.report.tuning import merging
  from mtl_jax.report.tuning import tables as tuning_tables

if TYPE_CHECKING:
  import pandas as pd

  from experiments.methods import Method

SCHEMES = flags.DEFINE_list(
  'schemes',
  None,
  'The sharing schemes, separated by commas, or all for every scheme of this '
  'package. The default is config.scheme.',
)
BALANCERS = flags.DEFINE_list(
  'balancers',
  None,
  'The loss balancers, separated by commas, or all for every balancer of this '
  'package. The default is config.balancer; of experiments.tune it is all.',
)
REFERENCE = flags.DEFINE_bool(
  'reference',
  True,
  'Whether to add the rows of linear models and, on tables of numbers, of '
  'boosted trees.',
)
TUNE = flags.DEFINE_integer(
  'tune',
  None,
  'The number of random draws of hyperparameters for every row. By default '
  'nothing is tuned.',
)


def check() -> None:
  """Checks the flags without importing JAX.

  Raises:
    InputError: as in `check_choices`, or if the number of draws makes no sense.
  """
  check_choices(tunes=True)
  if TUNE.value is not None:
    tuning.check('--tune', TUNE.value, cli.CONFIG.value)


def check_choices(tunes: bool = False) -> None:
  """Checks the flags that other tables have in common with this one.

  Args:
    tunes: whether the command knows `--tune`.

  Raises:
    InputError: as in `cli.check`, if a scheme or balancer is unknown, or if
      `--tune` has no effect.
  """
  cli.check()
  for what, flag in (('scheme', SCHEMES), ('balancer', BALANCERS)):
    asked = flag.value or []
    checks.check_names(what, asked if asked != ['all'] else [])
  if TUNE.value is not None and not tunes:
    raise InputError(
      '--tune is a flag of experiments.compare; experiments.tune has --draws'
    )


def main() -> None:
  """Trains all cells and writes the comparison."""
  config, folder = cli.CONFIG.value, pathlib.Path(cli.WORKDIR.value)
  launcher = cli.launcher()
  schemes = expand('schemes', SCHEMES.value or [config.scheme])
  balancers = expand('balancers', BALANCERS.value or [config.balancer])
  every = ['all'] in (SCHEMES.value, BALANCERS.value)
  pairs = combinations(schemes, balancers)
  if TUNE.value is not None:
    tuned(config, methods.of_pairs(pairs), TUNE.value, every)
    return
  configs = [choose(config, *pair) for pair in pairs]
  for chosen in configs:
    cells.check(chosen)
  datas = cells.data(config)
  table = make_cells(configs, datas, folder, skip_invalid=every)
  # The linear models are fitted in the background during training.
  linear = linear_models(table[0], folder)
  folders = trained(table, folder, launcher)
  if not hosts.is_process_0():
    return
  folders += linear()
  report([report_cells.load(f) for f in folders], folder)


def tuned(
  config, rows: list[Method], count: int, skip_invalid: bool
) -> list[merging.Tuned]:
  """Trains all draws of all rows and writes the comparison.

  Args:
    config: the config, around whose values the draws are made.
    rows: what is trained, `single` first.
    count: draws of each row.
    skip_invalid: whether to leave out what cannot be trained.

  Returns:
    The rows; none on processes other than 0.

  Raises:
    InputError: as in `tuning.rows` and `trained`.
  """
  folder, launcher = pathlib.Path(cli.WORKDIR.value), cli.launcher()
  datas = cells.data(config)
  made = tuning.rows(config, rows, datas, count, folder, skip_invalid)
  table = [cell for row in made for cell in row.cells]
  linear = linear_models(table[0], folder)
  folders = trained(table, folder, launcher, {'draws': count})
  if not hosts.is_process_0():
    return []
  loaded = tuning.load(made, folders)
  others = [report_cells.load(f) for f in linear()]
  _report_tuned(loaded, others, folder)
  return loaded


def _report_tuned(
  loaded: list[merging.Tuned],
  others: list[report_cells.Cell],
  folder: pathlib.Path,
) -> None:
  said = tuning_tables.note(loaded)
  base, *rest = [*merging.shown(loaded), *others]
  base = base._replace(notes=(said, *base.notes))
  frame = show([base, *rest], folder)
  tuning_tables.write(loaded, others, folder, cli.CONFIG.value.margin)
  draw([base, *rest], frame, folder)
  print(
    f'tuning: {folder}/draws.csv, untuned.csv, tuning_curves.csv, '
    'figures/tuning_curves.png'
  )


def expand(package: str, given: list[str]) -> list[str]:
  """Expands names of a flag: `all` is every name of the package.

  Args:
    package: `schemes` or `balancers`.
    given: the names of the flag.

  Returns:
    Distinct names, in order.
  """
  if given == ['all']:
    return plugins.names(f'mtl_jax.{package}')
  return [*dict.fromkeys(given)]


def make_cells(
  configs: list, datas: list, folder: pathlib.Path, skip_invalid: bool
) -> list[cells.Cell]:
  """Makes the cells of a table.

  Args:
    configs: one config per cell.
    datas: the data set, one per split.
    folder: the workdir.
    skip_invalid: whether to skip a config that no cell can be made of, after a
      line on stderr.

  Raises:
    InputError: if a cell cannot be made and is not skipped, or none can.
  """
  table = []
  for config in configs:
    try:
      table.append(cells.make(config, datas, workdir=folder))
    except InputError as error:
      if not skip_invalid:
        raise
      print(f'left out: {error}', file=sys.stderr)
  if not table:
    raise InputError('no scheme can be built with these settings')
  return table


def linear_models(
  cell: cells.Cell, folder: pathlib.Path
) -> Callable[[], list[pathlib.Path]]:
  """Starts to fit the reference models if `--reference` asks for them.

  Args:
    cell: a cell of the table, which has the data.
    folder: the workdir.

  Returns:
    A function that waits and returns the folders of their cells, if any.
  """
  if REFERENCE.value and hosts.is_process_0():
    return run.reference_cells.begin(cell, folder)
  return list


def trained(
  table: list[cells.Cell],
  folder: pathlib.Path,
  launcher: base.Launcher,
  budget: Mapping[str, int] = types.MappingProxyType({}),
) -> list[pathlib.Path]:
  """Trains the cells that are not finished.

  Args:
    table: the cells; they must be comparable.
    folder: the workdir.
    launcher: trains the cells.
    budget: what else a workdir has in common, such as the number of draws.

  Returns:
    The folders of all cells, in order.

  Raises:
    InputError: if the workdir holds another comparison, or the launcher cannot
      train these cells.
  """
  launcher.check(table, folder)
  # Another comparison in this workdir would mix two tables.
  if hosts.is_process_0():
    owner.claim(folder, {**table[0].comparable, **budget})
  return launcher.train(table, folder)


def report(
  table: list[report_cells.Cell], folder: pathlib.Path
) -> pd.DataFrame:
  """Writes and prints the table, then writes the figures and the page.

  Args:
    table: loaded cells, `single` first.
    folder: the workdir.

  Returns:
    The table in long format.
  """
  frame = show(table, folder)
  draw(table, frame, folder)
  return frame


def show(table: list[report_cells.Cell], folder: pathlib.Path) -> pd.DataFrame:
  """Writes and prints the table.

  Args:
    table: loaded cells, `single` first.
    folder: the workdir.

  Returns:
    The table in long format.
  """
  frame = tables.write(table, folder, cli.CONFIG.value.margin)
  tables.show(table, frame)
  # Figures take seconds; the table should be visible before.
  sys.stdout.flush()
  shown.write(table, folder)
  return frame


def draw(
  table: list[report_cells.Cell], frame: pd.DataFrame, folder: pathlib.Path
) -> None:
  """Writes the figures and the page, and prints the paths of all files.

  Args:
    table: loaded cells, `single` first.
    frame: the table in long format.
    folder: the workdir.
  """
  typed = shlex.join(['python', '-m', *command()])
  unchanged.unless_same(
    lambda: page.draw(table, frame, folder, typed),
    table,
    folder,
    # The margin may stand in the config's file instead of the command.
    f'{typed} {cli.CONFIG.value.margin}',
  )
  if cli.CONFIG.value.verbose:
    print(
      f'\nwritten: {folder}/table.md .csv .tex, {folder}/figures/*.png, '
      f'{folder}/report.html'
    )


def command() -> list[str]:
  """Returns the module and the arguments of the command, for the page."""
  default = 'experiments.compare'
  name = getattr(sys.modules['__main__'].__spec__, 'name', default)
  # The main module may be something else, such as a test runner.
  script = name if name.startswith('experiments.') else default
  return [script, *sys.argv[1:]]


def combinations(
  schemes: list[str], balancers: list[str]
) -> list[tuple[str, str]]:
  """Pairs schemes and balancers; `single` with `equal` comes first.

  Args:
    schemes: names of schemes.
    balancers: names of balancers.

  Returns:
    Distinct pairs of a scheme and a balancer. `single` is paired with other
    balancers only if it is named and `equal` is not among them.
  """
  baseline = ('single', 'equal')
  if 'equal' in balancers or 'single' not in schemes:
    schemes = [s for s in schemes if s != 'single']
  pairs = [(s, b) for s in schemes for b in balancers]
  return list(dict.fromkeys([baseline, *pairs]))


def choose(config, scheme: str, balancer: str):
  """Copies a config and sets its scheme and balancer.

  Args:
    config: the config.
    scheme: name of the scheme.
    balancer: name of the balancer.
  """
  chosen = copy.deepcopy(config)
  chosen.scheme, chosen.balancer = scheme, balancer
  return chosen


if __name__ == '__main__':
  cli.run(main, check)
