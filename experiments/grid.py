"""Which matters more, the scheme or the balancer?

  python -m experiments.grid --config=configs/actg175.py \\
    --schemes=hard,mmoe,cross_stitch \\
    --balancers=equal,uncertainty,pcgrad,famo --workdir=out/grid

Trains every scheme with every balancer, and `single` with `equal` besides,
under one budget on the same splits. Writes what `experiments.compare` writes,
and schemes x balancers: grid.md and grid.csv, figures/grid.png. A pair that
cannot be trained, such as a balancer of gradients with a scheme that shares
nothing, is left out and its entry is empty. A finished cell is not trained
again, also one of `experiments.compare` in this workdir.

What is compared, and when one is called larger:
mtl_jax/report/grid/factorial.py.
"""

from __future__ import annotations

import itertools
import pathlib
import sys

from experiments import cli, compare, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from mtl_jax import cells, plugins
  from mtl_jax.processes import hosts
  from mtl_jax.records import atomic
  from mtl_jax.report import results as report_cells
  from mtl_jax.report import terminal
  from mtl_jax.report.compare import tables
  from mtl_jax.report.grid import grid, heatmap, two_way

BASELINE = ('single', 'equal')


def main() -> None:
  config, folder = cli.CONFIG.value, pathlib.Path(cli.WORKDIR.value)
  launcher = cli.launcher()
  schemes = named('schemes', compare.SCHEMES.value or [config.scheme])
  balancers = named('balancers', compare.BALANCERS.value or [config.balancer])
  pairs = [BASELINE, *itertools.product(schemes, balancers)]
  configs = {p: compare.choose(config, *p) for p in pairs}
  for chosen in configs.values():
    cells.check(chosen)
  table, refused = made(configs, cells.data(config), folder)
  linear = compare.linear_models(table[0], folder)
  folders = compare.trained(table, folder, launcher)
  if not hosts.is_process_0():
    return
  folders += linear()
  loaded = [report_cells.load(f) for f in folders]
  rows = compare.show(loaded, folder)
  found = grid.make(loaded, rows, schemes, balancers, refused)
  show(found, folder)
  compare.draw(loaded, rows, folder)
  heatmap.write(found, folder / 'figures' / 'grid.png')
  print(f'written: {folder}/grid.md .csv, {folder}/figures/grid.png')


def named(what: str, asked: list[str]) -> list[str]:
  """What was asked for, each once; `all` is every one of ours."""
  every = asked == ['all']
  return plugins.names(f'mtl_jax.{what}') if every else [*dict.fromkeys(asked)]


def made(
  configs: dict[grid.Pair, object], datas: list, folder: pathlib.Path
) -> tuple[list[cells.Cell], dict[grid.Pair, str]]:
  """The cells, the baseline first; and why the other pairs have none.

  Raises `InputError` where the baseline, or nothing else, can be made.
  """
  table, refused = [cells.make(configs[BASELINE], datas, workdir=folder)], {}
  for pair, config in configs.items():
    if pair == BASELINE:
      continue
    try:
      table.append(cells.make(config, datas, workdir=folder))
    except InputError as error:
      refused[pair] = str(error)
      print(f'left out: {" with ".join(pair)}: {error}', file=sys.stderr)
  if refused and len(table) == 1:
    raise InputError('no pair can be made with these settings')
  return table, refused


def show(found: grid.Grid, folder: pathlib.Path) -> None:
  """Writes and prints schemes x balancers."""
  sheet = two_way.sheet(found)
  tables.write_csv(found.frame, folder / 'grid.csv')
  atomic.write(folder / 'grid.md', terminal.markdown(sheet))
  print()
  terminal.show(sheet)
  sys.stdout.flush()


if __name__ == '__main__':
  cli.run(main, compare.check)
