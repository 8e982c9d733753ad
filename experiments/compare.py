"""Compares ways of sharing with single-task learning, on one data set.

  python -m experiments.compare --config=configs/actg175.py \\
    --schemes=hard,soft_l2,cross_stitch --workdir=out/actg175

Trains every scheme with every balancer, and `single` besides, under one budget
on the same splits; prints the table and writes it, its figures and a page into
the workdir. A finished cell is not trained again.
"""

from __future__ import annotations

import copy
import pathlib
import shlex
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from absl import flags

from experiments import cli, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from mtl_jax import cells, plugins, run
  from mtl_jax.launchers import base
  from mtl_jax.plugins import checks
  from mtl_jax.processes import hosts
  from mtl_jax.records import owner
  from mtl_jax.report import results as report_cells
  from mtl_jax.report import unchanged
  from mtl_jax.report.compare import page, tables

if TYPE_CHECKING:
  import pandas as pd

SCHEMES = flags.DEFINE_list(
  'schemes', None, 'Default: config.scheme; all takes every one of ours.'
)
BALANCERS = flags.DEFINE_list('balancers', None, 'Default: config.balancer.')
REFERENCE = flags.DEFINE_bool('reference', True, "Add linear models' row.")


def check() -> None:
  """What is typed, before JAX is imported."""
  cli.check()
  for what, flag in (('scheme', SCHEMES), ('balancer', BALANCERS)):
    asked = flag.value or []
    checks.check_names(what, asked if asked != ['all'] else [])


def main() -> None:
  config, folder = cli.CONFIG.value, pathlib.Path(cli.WORKDIR.value)
  launcher = cli.launcher()
  every = SCHEMES.value == ['all']
  asked = plugins.names('mtl_jax.schemes') if every else SCHEMES.value
  pairs = combinations(
    asked or [config.scheme], BALANCERS.value or [config.balancer]
  )
  configs = [choose(config, *pair) for pair in pairs]
  for chosen in configs:
    cells.check(chosen)
  datas = cells.data(config)
  table = made(configs, datas, folder, leave_out=every)
  linear = linear_models(table[0], folder)
  folders = trained(table, folder, launcher)
  if not hosts.is_process_0():
    return
  folders += linear()
  report([report_cells.load(f) for f in folders], folder)


def made(
  configs: list, datas: list, folder: pathlib.Path, leave_out: bool
) -> list[cells.Cell]:
  """The cells; those that cannot be made are left out if so asked."""
  table = []
  for config in configs:
    try:
      table.append(cells.make(config, datas, workdir=folder))
    except InputError as error:
      if not leave_out:
        raise
      print(f'left out: {error}', file=sys.stderr)
  if not table:
    raise InputError('no scheme can be made with these settings')
  return table


def linear_models(
  cell: cells.Cell, folder: pathlib.Path
) -> Callable[[], list[pathlib.Path]]:
  """Begins to fit them, where a row of theirs is asked for."""
  if REFERENCE.value and hosts.is_process_0():
    return run.linear_cell.begin(cell, folder)
  return list


def trained(
  table: list[cells.Cell], folder: pathlib.Path, launcher: base.Launcher
) -> list[pathlib.Path]:
  """Trains what is not finished into the workdir; the folders of all cells."""
  launcher.check(table, folder)
  if hosts.is_process_0():
    owner.claim(folder, table[0].comparable)
  return launcher.train(table, folder)


def report(
  table: list[report_cells.Cell], folder: pathlib.Path
) -> pd.DataFrame:
  """Prints the table, draws, says where everything lies; the long table."""
  frame = show(table, folder)
  draw(table, frame, folder)
  return frame


def show(table: list[report_cells.Cell], folder: pathlib.Path) -> pd.DataFrame:
  """Writes and prints the table, before anything is drawn; the long table."""
  frame = tables.write(table, folder)
  tables.show(table, frame)
  sys.stdout.flush()
  return frame


def draw(
  table: list[report_cells.Cell], frame: pd.DataFrame, folder: pathlib.Path
) -> None:
  """Draws figures and page, and says where everything lies."""
  typed = shlex.join(['python', '-m', *command()])
  unchanged.unless_same(
    lambda: page.draw(table, frame, folder, typed), table, folder, typed
  )
  print(
    f'\nwritten: {folder}/table.md .csv .tex, {folder}/figures/*.png, '
    f'{folder}/report.html'
  )


def command() -> list[str]:
  """What was typed, as the page shows it."""
  ours = 'experiments.compare'
  name = getattr(sys.modules['__main__'].__spec__, 'name', ours)
  # Called by something else, such as a test, it is still a comparison.
  script = name if name.startswith('experiments.') else ours
  return [script, *sys.argv[1:]]


def combinations(
  schemes: list[str], balancers: list[str]
) -> list[tuple[str, str]]:
  """Single with equal weights first, then each scheme with each balancer."""
  baseline = ('single', 'equal')
  if 'equal' in balancers or 'single' not in schemes:
    schemes = [s for s in schemes if s != 'single']
  pairs = [(s, b) for s in schemes for b in balancers]
  return list(dict.fromkeys([baseline, *pairs]))


def choose(config, scheme: str, balancer: str):
  """A copy of the config with this scheme and balancer."""
  chosen = copy.deepcopy(config)
  chosen.scheme, chosen.balancer = scheme, balancer
  return chosen


if __name__ == '__main__':
  cli.run(main, check)
