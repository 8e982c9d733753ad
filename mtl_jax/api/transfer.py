"""Measures transfer: what experiments.transfer and mtl_jax.transfer do."""

import pathlib
from collections.abc import Sequence
from typing import Any

from mtl_jax import cells
from mtl_jax.api import given as calls
from mtl_jax.api.combinations import choose, swept
from mtl_jax.api.compare import check
from mtl_jax.api.experiment import Experiment
from mtl_jax.api.start import started
from mtl_jax.api.transferred import TransferReport, of
from mtl_jax.errors import InputError
from mtl_jax.processes import hosts
from mtl_jax.report import results
from mtl_jax.report.transfer import affinities, from_pairs, gains, groups

ALL = 6  # largest number of tasks whose subsets are all trained by default


def transfer(
  data: Any,
  scheme: str | None = None,
  balancer: str | None = None,
  seeds: int | None = None,
  workdir: str | pathlib.Path | None = None,
  largest: int | None = None,
  measured: str | pathlib.Path = '',
  **config: Any,
) -> TransferReport:
  """Measures which tasks help which, and which to train together.

  Trains every subset of the tasks with one scheme, and `single`, as
  `python -m experiments.transfer` does.

  Args:
    data: as in `mtl_jax.compare`.
    scheme: name of the sharing scheme; by default config.scheme.
    balancer: name of the loss balancer; by default config.balancer.
    seeds: number of seeds; by default config.seeds.
    workdir: as in `mtl_jax.compare`.
    largest: number of tasks of the largest group; by default all subsets of up
      to 6 tasks are trained, and pairs of more tasks.
    measured: path of an interference.csv of a training on the same tasks, whose
      groupings are judged as well.
    **config: keys of the config, as in `mtl_jax.compare`.

  Returns:
    The gains of every group, negative transfer, groupings, and a figure.

  Raises:
    InputError: if the data, a name, a key or a value is wrong.
    KeyboardInterrupt: after an interrupt; the same call goes on.
  """
  given = calls.Given(data, seeds, workdir, config)
  words = {'scheme': scheme, 'balancer': balancer, 'largest': largest}
  experiment = calls.experiment(given, 'transfer', **words)
  own = experiment.config
  pair = scheme or own.scheme, balancer or own.balancer
  check([pair[0]], [pair[1]])
  with started():
    result = run(experiment, *pair, largest, str(measured))
  if workdir is not None:
    result.keep()
  return result


def run(
  experiment: Experiment,
  scheme: str,
  balancer: str,
  largest: int | None = None,
  measured: str = '',
) -> TransferReport | None:
  """Trains all groups of tasks, and `single` twice.

  Args:
    experiment: the data, the budget and the folder.
    scheme: name of the scheme of the groups.
    balancer: name of their balancer.
    largest: as in `groups_to_train`.
    measured: path of an interference.csv, or ''.

  Returns:
    The gains; None on processes other than 0.

  Raises:
    InputError: as in `groups_to_train` and `cells.make`.
  """
  alone = swept(choose(experiment.config, 'single', 'equal'))
  together = choose(experiment.config, scheme, balancer)
  for one in (alone, together):
    cells.check(one)
  experiment = experiment.loaded()
  tasks = experiment.datas[0].tasks
  trained = cells.task_groups.by_shape(
    tasks, groups_to_train(len(tasks), largest)
  )
  compared = read_affinities(
    experiment.config, [task.name for task in tasks], measured
  )
  # One cell per shape of groups, which one program trains.
  table = [experiment.make(own) for own in twice(alone)]
  table += [experiment.make(together, own) for own in trained]
  folders = experiment.train(table)
  if not hosts.is_process_0():
    return None
  base, second = map(results.load, folders[:2])
  found = gains.make(base, _by_size(folders[2:]))
  seeds = cells.settings.seeds(experiment.config)
  of_seeds = in_order(compared, seeds, found.seeds)
  how = f'{scheme} with {balancer}'
  return of(experiment, folders, found, second, of_seeds, how)


def _by_size(folders: list[pathlib.Path]) -> list[groups.Group]:
  loaded = [group for own in folders for group in groups.load(own)]
  return sorted(loaded, key=lambda group: len(group.members))


def twice(config: Any) -> tuple[Any, Any]:
  """Returns a config, and the same with other noise on the same splits."""
  second = choose(config, config.scheme, config.balancer)
  second.noise_seed = config.noise_seed + 1
  return config, second


def groups_to_train(
  num_tasks: int, largest: int | None = None
) -> list[cells.task_groups.Group]:
  """Returns the groups of tasks to train.

  Args:
    num_tasks: of the data set.
    largest: number of tasks of the largest group; by default all of up to
      `ALL` tasks, and 2 of more.

  Raises:
    InputError: if there is only one task or `largest` is out of range.
  """
  if num_tasks < 2:
    raise InputError('the data set has one task; transfer requires two or more')
  if largest is None:
    largest = num_tasks if num_tasks <= ALL else 2
  if not 2 <= largest <= num_tasks:
    raise InputError(f'--largest={largest}: it must be from 2 to {num_tasks}')
  return cells.task_groups.every(num_tasks, largest)


def read_affinities(
  config: Any, names: list[str], path: str
) -> from_pairs.Affinities:
  """Reads an interference.csv; {} without one."""
  seeds = cells.settings.seeds(config)
  return affinities.read(pathlib.Path(path), names, seeds) if path else {}


def in_order(
  measured: from_pairs.Affinities, seeds: Sequence[int], wanted: Sequence[int]
) -> from_pairs.Affinities:
  """Selects the affinities of the seeds that were completed."""
  places = [[*seeds].index(seed) for seed in wanted]
  return {name: table[places] for name, table in measured.items()}
