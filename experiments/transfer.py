"""Measures transfer: which tasks help which, and which to train together.

  python -m experiments.transfer --config=configs/actg175.py --scheme=hard \\
    --workdir=out/transfer

Trains every subset of the tasks, up to `--largest`, with one scheme, and
`single` on all tasks, with the same budget, seeds, splits and batches. A second
`single` with other noise on the same splits says what two trainings differ by,
below which negative transfer begins. Groups of one shape, such as all pairs of
regressions, are runs of one program. Rows without a label of the group are not
removed, so that all groups train on the same batches.

Writes transfer.csv (every gain of every seed), gains.csv (means and tests),
negative.csv (negative transfer by task), groupings.csv (the grouping that is
chosen in every resplit, for every number of networks), transfer.md and
matrix.png. With `--affinities`, the file interference.csv of a training with
the same seeds, the groupings that its measures choose are evaluated as well.
Run the same command again to continue after an interruption.
"""

from __future__ import annotations

import copy
import pathlib
from collections.abc import Sequence
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
    from_pairs,
    gains,
    groups,
    heatmap,
    negative,
  )
  from mtl_jax.report.transfer import page as transfer_page

LARGEST = flags.DEFINE_integer(
  'largest',
  None,
  'The number of tasks in the largest group. By default all subsets of up to 6 '
  'tasks are trained, and pairs of more tasks.',
)
AFFINITIES = flags.DEFINE_string(
  'affinities',
  '',
  'The path of an interference.csv of a training on the same tasks.',
)
ALL = 6  # largest number of tasks whose subsets are all trained by default


def main() -> None:
  """Trains all groups and writes the gains."""
  config, folder = cli.CONFIG.value, pathlib.Path(cli.WORKDIR.value)
  launcher = cli.launcher()
  configs = make_configs(config)
  for one in configs:
    cells.check(one)
  datas = cells.data(config)
  trained = cells.task_groups.by_shape(
    datas[0].tasks, groups_to_train(len(datas[0].tasks))
  )
  measured = read_affinities(config, [task.name for task in datas[0].tasks])
  # One cell per shape of groups, which one program trains.
  alone = [cells.make(own, datas, workdir=folder) for own in twice(configs[0])]
  grouped = [cells.make(configs[1], datas, own, folder) for own in trained]
  table = [*alone, *grouped]
  folders = compare.trained(table, folder, launcher)
  if hosts.is_process_0():
    loaded = [group for own in folders[2:] for group in groups.load(own)]
    loaded = sorted(loaded, key=lambda group: len(group.members))
    base, second = map(report_cells.load, folders[:2])
    transfer = gains.make(base, loaded)
    of_seeds = in_order(measured, cells.settings.seeds(config), transfer.seeds)
    report(transfer, second, of_seeds, folder, describe(configs[1]))


def make_configs(config: Any) -> tuple[Any, Any]:
  """Returns the config of the baseline and that of the groups."""
  scheme = cli.SCHEME.value or config.scheme
  balancer = cli.BALANCER.value or config.balancer
  return (
    compare.choose(config, 'single', 'equal'),
    compare.choose(config, scheme, balancer),
  )


def twice(config: Any) -> tuple[Any, Any]:
  """Returns a config, and the same with other noise on the same splits."""
  second = copy.deepcopy(config)
  second.noise_seed = config.noise_seed + 1
  return config, second


def groups_to_train(num_tasks: int) -> list[cells.task_groups.Group]:
  """Returns the groups of tasks to train, according to `--largest`.

  Raises:
    InputError: if there is only one task or `--largest` is out of range.
  """
  if num_tasks < 2:
    raise InputError('the data set has one task; transfer requires two or more')
  largest = LARGEST.value
  if largest is None:
    largest = num_tasks if num_tasks <= ALL else 2
  if not 2 <= largest <= num_tasks:
    raise InputError(f'--largest={largest}: it must be from 2 to {num_tasks}')
  return cells.task_groups.every(num_tasks, largest)


def read_affinities(config: Any, names: list[str]) -> from_pairs.Affinities:
  """Reads the file of `--affinities`; {} without one."""
  path, seeds = AFFINITIES.value, cells.settings.seeds(config)
  return affinities.read(pathlib.Path(path), names, seeds) if path else {}


def in_order(
  measured: from_pairs.Affinities, seeds: Sequence[int], wanted: Sequence[int]
) -> from_pairs.Affinities:
  """Selects the affinities of the seeds that were completed."""
  places = [[*seeds].index(seed) for seed in wanted]
  return {name: table[places] for name, table in measured.items()}


def describe(config: Any) -> str:
  """Returns the scheme and the balancer in words."""
  return f'{config.scheme} with {config.balancer}'


def report(
  transfer: gains.Transfer,
  second: report_cells.Cell,
  measured: from_pairs.Affinities,
  folder: pathlib.Path,
  how: str,
) -> None:
  """Writes all files and prints the tables.

  Args:
    transfer: gains of all groups.
    second: a second training of the baseline.
    measured: affinities of all seeds by measure, {} if none are compared.
    folder: the workdir.
    how: scheme and balancer in words.
  """
  groupings = choosing.groupings(transfer, measured)
  harmed = negative.by_task(transfer, second)
  pages = transfer_page.pages(transfer, measured, groupings, harmed)
  tables.write_csv(transfer.long, folder / 'transfer.csv')
  tables.write_csv(transfer.frame, folder / 'gains.csv')
  tables.write_csv(harmed, folder / 'negative.csv')
  tables.write_csv(groupings, folder / 'groupings.csv')
  atomic.write(folder / 'transfer.md', transfer_page.markdown(pages, how))
  for page in pages:
    terminal.show(page)
    print(flush=True)
  heatmap.write(transfer, folder / 'matrix.png')
  print(
    f'written: {folder}/transfer.md .csv, {folder}/gains.csv, '
    f'{folder}/negative.csv, {folder}/groupings.csv, {folder}/matrix.png'
  )


if __name__ == '__main__':
  cli.run(main, compare.check_choices)
