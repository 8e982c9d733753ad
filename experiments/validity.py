"""Validates measures of interference: which predict the effect of sharing?

  python -m experiments.validity --config=configs/relatedness.py \\
    --real=configs/actg175.py --workdir=out/validity

Draws worlds of tasks with known relatedness (`SETS`), one per seed, and adds
the real data sets of `--real`. For each it trains `single`, every group of
tasks by hard sharing, and all tasks together with interference measured in
training. Every measure, in several parts of the training, is then compared with
the gains of pairs (Spearman's correlation within a seed), and the grouping that
it chooses with the one that is best on validation.

Writes correlations.csv, regrets.csv, costs.csv, validity.md and two figures. A
finished cell is not trained again; run the same command to continue after an
interruption.
"""

from __future__ import annotations

import copy
import pathlib
from typing import Any

import numpy as np
from absl import flags

from experiments import cli, compare, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from mtl_jax import cells
  from mtl_jax import interference as measures
  from mtl_jax.api import collected, combinations, configured
  from mtl_jax.data import synthetic
  from mtl_jax.plugins import checks
  from mtl_jax.processes import hosts
  from mtl_jax.records import atomic
  from mtl_jax.report import results as report_cells
  from mtl_jax.report.compare import tables
  from mtl_jax.report.interference import probe_records
  from mtl_jax.report.transfer import gains as transfer
  from mtl_jax.report.transfer import groups
  from mtl_jax.report.validity import (
    correlations,
    figures,
    page,
    pair_measures,
    regrets,
  )

REAL = flags.DEFINE_list(
  'real',
  [],
  'The configuration files of real data sets to add, separated by commas.',
)
BATCHES = 8  # batches per evaluation if the config has 0
# Fields of the synthetic data. In `conflict`, weights of the two halves of the
# tasks agree on a quarter of the inputs and are opposite on the rest: the
# cosine is -0.5.
SETS = {
  'equal': {'family': 'cosine', 'related': 0.5},
  'low rank': {'family': 'low_rank', 'related': 0.8},
  'conflict': {'family': 'conflict', 'related': 0.25},
  'clusters': {'family': 'clusters', 'related': 0.95},
}


def check() -> None:
  """Checks the flags without importing JAX.

  Raises:
    InputError: as in `compare.check_choices`, `synthetic_configs` and `real`.
  """
  compare.check_choices()
  synthetic_configs(cli.CONFIG.value)
  for config in real(REAL.value).values():
    checks.check(config)


def main() -> None:
  """Trains all sets and writes the report."""
  folder, launcher = pathlib.Path(cli.WORKDIR.value), cli.launcher()
  configs = synthetic_configs(cli.CONFIG.value) | real(REAL.value)
  made = {
    name: make_cells(config, folder / name) for name, config in configs.items()
  }
  # All sets are checked before the first one is trained.
  for name, table in made.items():
    launcher.check(table, folder / name)
  judged, costs = [], []
  for name, table in made.items():
    own = cli.experiment()._replace(folder=folder / name)
    folders = own.train(table)
    if hosts.is_process_0():
      own = load(name, folders, configs[name])
      judged.append(own)
      costs.append(cost(name, folders[-1], len(own.transfer.names)))
  if hosts.is_process_0():
    report(judged, costs, folder)


def synthetic_configs(config: Any) -> dict[str, Any]:
  """Returns one config per family of worlds, by name, each with own seeds.

  Raises:
    InputError: if config.dataset is not `synthetic`.
  """
  if config.dataset != 'synthetic':
    raise InputError(
      f'config.dataset is {config.dataset!r}, and worlds are drawn by '
      'synthetic; name real data sets with --real'
    )
  configs = {name: copy.deepcopy(config) for name in SETS}
  for number, (name, fields) in enumerate(SETS.items()):
    configs[name].datasets.synthetic.update(fields)
    # Of the same seeds all families would have the same inputs and initial
    # weights, and their worlds could not be pooled as independent ones.
    configs[name].first_seed += number * config.seeds
  return configs


def real(paths: list[str]) -> dict[str, Any]:
  """Loads the configs of real data sets, by the names of their files.

  Raises:
    InputError: if a file does not exist or is no configuration.
  """
  configs = {}
  for path in map(pathlib.Path, paths):
    if not path.is_file():
      raise InputError(f'--real={path}: no such file')
    configs[path.stem] = configured.read(str(path))
  return configs


def make_cells(
  config: Any, folder: pathlib.Path | None = None
) -> list[cells.Cell]:
  """Makes the cells of one set.

  Args:
    config: the config.
    folder: the workdir, or None.

  Returns:
    `single`, the groups of tasks by shape, and all tasks together with
    interference measured.

  Raises:
    InputError: if the data set has fewer than 3 or more than 6 tasks.
  """
  config = combinations.swept(config)
  probed = copy.deepcopy(config)
  probed.probe.batches = probed.probe.batches or BATCHES
  alone = combinations.choose(probed, 'single', 'equal')
  together = combinations.choose(probed, 'hard', 'equal')
  for one in (alone, together):
    cells.check(one)
  datas = cells.data(config)
  size = len(datas[0].tasks)
  if not 3 <= size <= 6:
    raise InputError(
      f'{config.dataset} has {size} tasks; ranking pairs and training all '
      'groups requires 3 to 6'
    )
  shapes = cells.task_groups.by_shape(
    datas[0].tasks, cells.task_groups.every(size, size)
  )
  plain = combinations.choose(config, 'hard', 'equal')
  return [
    cells.make(alone, datas, workdir=folder),
    *(cells.make(plain, datas, shape, folder) for shape in shapes),
    cells.make(together, datas, workdir=folder),
  ]


def load(
  name: str, folders: list[pathlib.Path], config: Any
) -> correlations.Judged:
  """Loads the gains and the measures of one set.

  Args:
    name: name of the set.
    folders: folders of its cells, in the order of `make_cells`.
    config: its config.
  """
  alone, *grouped, together = folders
  base, cell = report_cells.load(alone), report_cells.load(together)
  trained = [group for own in grouped for group in groups.load(own)]
  gains = transfer.make(base, sorted(trained, key=lambda g: len(g.members)))
  seeds = sorted({*gains.long['seed'].tolist()})
  frame = probe_records.frame(together, cell)
  steps = cell.header['comparable']['steps']
  measured = pair_measures.tables(frame, gains.names, seeds, steps)
  single = collected.saved(alone, 'features')
  features = [
    measures.feature_similarity.measure(single[s], single[s]) for s in seeds
  ]
  for measure in measures.feature_similarity.MEASURES:
    values = [np.asarray(own[measure]) for own in features]
    measured[f'{measure} of single', 'end'] = np.stack(values)
  estimated = collected.saved(together, 'grad_tag')
  measured['grad_tag', 'end'] = np.stack([estimated[s] for s in seeds])
  if config.dataset == 'synthetic':
    measured['known cosine', ''] = np.stack(
      [known_cosine(config, s) for s in seeds]
    )
  return correlations.Judged(name, gains, measured)


def known_cosine(config: Any, seed: int) -> np.ndarray:
  """Returns the absolute cosines between tasks of a world, `[K, K]`.

  Args:
    config: a config of the synthetic data set.
    seed: the seed of the world.
  """
  fields = config.datasets.synthetic.to_dict()
  names = ('family', 'tasks', 'related', 'rank', 'groups', 'inputs')
  # The loader draws the weights first, so this generator repeats them.
  draw = np.random.default_rng(seed)
  weights = synthetic.weights(draw, **{key: fields[key] for key in names})
  return np.abs(weights @ weights.T)


def cost(name: str, folder: pathlib.Path, size: int) -> dict[str, Any]:
  """Relates the cost of measuring interference to that of training.

  Args:
    name: name of the set.
    folder: folder of the cell with all tasks together.
    size: number of tasks.

  Returns:
    One row of costs.csv.
  """
  cell = report_cells.load(folder)
  steps, evals = (cell.header['comparable'][key] for key in ('steps', 'evals'))
  seconds, rate = cell.cost['probe_seconds'], cell.cost['steps_per_second']
  grad_tag = cell.cost['grad_tag_seconds']
  return {
    'tasks': name,
    'num_tasks': size,
    'steps': steps,
    'looks': evals + 1,
    'look_ms': 1000 * seconds,
    'look_in_steps': seconds * rate,
    'share_of_training': (evals + 1) * seconds * rate / steps,
    'grad_tag_ms': 1000 * grad_tag,
    'grad_tag_share': grad_tag * rate / steps,
  }


def report(
  judged: list[correlations.Judged], costs: list[dict], folder: pathlib.Path
) -> None:
  """Writes all files and prints the page.

  Args:
    judged: gains and measures of all sets.
    costs: rows of costs.csv.
    folder: the workdir.
  """
  result = correlations.Validity(
    correlations.correlation_rows(judged), regrets.rows_of(judged), costs
  )
  for name, frame in result.frames.items():
    tables.write_csv(frame, folder / f'{name}.csv')
  text = page.page(judged, result)
  atomic.write(folder / 'validity.md', text)
  print(text, flush=True)
  figures.write(result, folder)
  print(
    f'written: {folder}/validity.md, correlations.csv, regrets.csv, '
    'costs.csv, correlations.png, regrets.png'
  )


if __name__ == '__main__':
  cli.run(main, check)
