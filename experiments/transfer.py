"""What did sharing do? Which tasks help which, and which to train together.

  python -m experiments.transfer --config=configs/actg175.py --scheme=hard \\
    --workdir=out/transfer

Trains every subset of the tasks, up to `--largest`, with one scheme, and
`single` on all tasks: the same budget, seeds, splits and batches. Groups of one
shape, such as all pairs of regressions, are runs of one program. Rows without
a label of the group stay, so that all see the same batches.

Writes transfer.csv (every gain of every seed), gains.csv (means and tests),
groupings.csv (the best ones for every number of networks), transfer.md and
matrix.png. `--affinities` takes the interference.csv of a training, and asks
whether what was measured there would have chosen as well. The same command
goes on where it stopped.
"""

from __future__ import annotations

import pathlib
from typing import Any

from absl import flags

from experiments import cli, compare, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from mtl_jax import cells
  from mtl_jax.processes import hosts
  from mtl_jax.records import atomic
  from mtl_jax.report import results as report_cells
  from mtl_jax.report import terminal
  from mtl_jax.report.compare import tables
  from mtl_jax.report.transfer import (
    affinities,
    choosing,
    gains,
    groups,
    heatmap,
  )
  from mtl_jax.report.transfer import page as transfer_page

LARGEST = flags.DEFINE_integer(
  'largest', None, 'Tasks of the largest group; default: all of up to 6, or 2.'
)
AFFINITIES = flags.DEFINE_string(
  'affinities', '', 'The interference.csv of a training on the same tasks.'
)
ALL = 6  # tasks whose subsets are all trained unless told otherwise


def main() -> None:
  config, folder = cli.CONFIG.value, pathlib.Path(cli.WORKDIR.value)
  launcher = cli.launcher()
  configs = chosen(config)
  for one in configs:
    cells.check(one)
  datas = cells.data(config)
  trained = cells.task_groups.by_shape(
    datas[0].tasks, asked(len(datas[0].tasks))
  )
  measured = measures([task.name for task in datas[0].tasks])
  base = cells.make(configs[0], datas, workdir=folder)
  grouped = [cells.make(configs[1], datas, own, folder) for own in trained]
  table = [base, *grouped]
  folders = compare.trained(table, folder, launcher)
  if hosts.is_process_0():
    found = [group for own in folders[1:] for group in groups.load(own)]
    found = sorted(found, key=lambda group: len(group.members))
    report(
      gains.make(report_cells.load(folders[0]), found),
      measured,
      folder,
      base_name(configs[1]),
    )


def chosen(config: Any) -> tuple[Any, Any]:
  """The baseline's configuration, and that of the groups."""
  scheme = cli.SCHEME.value or config.scheme
  balancer = cli.BALANCER.value or config.balancer
  return (
    compare.choose(config, 'single', 'equal'),
    compare.choose(config, scheme, balancer),
  )


def asked(num_tasks: int) -> list[cells.task_groups.Group]:
  """The groups to train."""
  if num_tasks < 2:
    raise InputError('one task has no other to share with; take two or more')
  largest = LARGEST.value
  if largest is None:
    largest = num_tasks if num_tasks <= ALL else 2
  if not 2 <= largest <= num_tasks:
    raise InputError(
      f'--largest={largest}: groups of {num_tasks} tasks have 2 to {num_tasks}'
    )
  return cells.task_groups.every(num_tasks, largest)


def measures(names: list[str]) -> choosing.Affinities:
  """The affinities asked for, if any."""
  path = AFFINITIES.value
  return affinities.read(pathlib.Path(path), names) if path else {}


def base_name(config: Any) -> str:
  """How the groups were trained."""
  return f'{config.scheme} with {config.balancer}'


def report(
  found: gains.Transfer,
  measured: choosing.Affinities,
  folder: pathlib.Path,
  how: str,
) -> None:
  """Writes all files and prints the tables."""
  groupings = choosing.groupings(found, measured)
  pages = transfer_page.pages(found, measured, groupings)
  tables.write_csv(found.long, folder / 'transfer.csv')
  tables.write_csv(found.frame, folder / 'gains.csv')
  tables.write_csv(groupings, folder / 'groupings.csv')
  atomic.write(folder / 'transfer.md', transfer_page.markdown(pages, how))
  for page in pages:
    terminal.show(page)
    print(flush=True)
  heatmap.write(found, folder / 'matrix.png')
  print(
    f'written: {folder}/transfer.md .csv, {folder}/gains.csv, '
    f'{folder}/groupings.csv, {folder}/matrix.png'
  )


if __name__ == '__main__':
  cli.run(main)
