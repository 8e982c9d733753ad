"""Can measures of interference be trusted? Which tell what sharing will do?

  python -m experiments.validity --config=configs/relatedness.py \\
    --real=configs/actg175.py --workdir=out/validity

Draws worlds of tasks whose relatedness is known (`SETS`), one per seed, and
takes the real data sets besides. For each: `single`, every group of tasks by
hard sharing, and all tasks together with interference measured along the way.
Then every measure, as it was in several parts of the training, is held against
the gains of pairs (Spearman's correlation within a seed), and the grouping that
it would choose against the one that all groups' validation would.

Writes correlations.csv, regrets.csv, costs.csv, validity.md and two pictures. A
finished cell is not trained again, and the same command goes on.
"""

from __future__ import annotations

import copy
import pathlib
import runpy
from typing import Any

import numpy as np
from absl import flags

from experiments import cli, compare, interference, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from mtl_jax import cells
  from mtl_jax import interference as measures
  from mtl_jax.data import synthetic
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

REAL = flags.DEFINE_list('real', [], 'Configurations of real data sets.')
BATCHES = 8  # of a look, where the config has none
# Fields of the synthetic data. Two camps of `conflict` want a quarter of the
# inputs alike and the others with opposite signs: a cosine of -0.5.
SETS = {
  'equal': {'family': 'cosine', 'related': 0.5},
  'low rank': {'family': 'low_rank', 'related': 0.8},
  'conflict': {'family': 'conflict', 'related': 0.25},
  'clusters': {'family': 'clusters', 'related': 0.95},
}


def main() -> None:
  folder, launcher = pathlib.Path(cli.WORKDIR.value), cli.launcher()
  configs = chosen(cli.CONFIG.value) | real(REAL.value)
  made = {
    name: cells_of(config, folder / name) for name, config in configs.items()
  }
  for name, table in made.items():
    launcher.check(table, folder / name)
  judged, costs = [], []
  for name, table in made.items():
    folders = compare.trained(table, folder / name, launcher)
    if hosts.is_process_0():
      found = loaded(name, folders, configs[name])
      judged.append(found)
      costs.append(cost(name, folders[-1], len(found.transfer.names)))
  if hosts.is_process_0():
    report(judged, costs, folder)


def chosen(config: Any) -> dict[str, Any]:
  """A configuration per family of worlds."""
  if config.dataset != 'synthetic':
    raise InputError(
      f'config.dataset is {config.dataset!r}, and worlds are drawn by '
      'synthetic; name real data sets with --real'
    )
  found = {name: copy.deepcopy(config) for name in SETS}
  for name, fields in SETS.items():
    found[name].datasets.synthetic.update(fields)
  return found


def real(paths: list[str]) -> dict[str, Any]:
  """Configurations of real data sets by the names of their files."""
  found = {}
  for path in map(pathlib.Path, paths):
    if not path.is_file():
      raise InputError(f'--real={path}: no such file')
    found[path.stem] = runpy.run_path(str(path))['get_config']()
  return found


def cells_of(
  config: Any, folder: pathlib.Path | None = None
) -> list[cells.Cell]:
  """`single`, the groups by shape, and all tasks together, looked at."""
  looked = copy.deepcopy(config)
  looked.probe.batches = looked.probe.batches or BATCHES
  alone = compare.choose(looked, 'single', 'equal')
  together = compare.choose(looked, 'hard', 'equal')
  for one in (alone, together):
    cells.check(one)
  datas = cells.data(config)
  size = len(datas[0].tasks)
  if not 3 <= size <= 6:
    raise InputError(
      f'{config.dataset} has {size} tasks; pairs are ranked, and all groups '
      'trained, of 3 to 6'
    )
  shapes = cells.task_groups.by_shape(
    datas[0].tasks, cells.task_groups.every(size, size)
  )
  plain = compare.choose(config, 'hard', 'equal')
  return [
    cells.make(alone, datas, workdir=folder),
    *(cells.make(plain, datas, shape, folder) for shape in shapes),
    cells.make(together, datas, workdir=folder),
  ]


def loaded(
  name: str, folders: list[pathlib.Path], config: Any
) -> correlations.Judged:
  """Gains, and what was measured, by seed."""
  alone, *grouped, together = folders
  base, cell = report_cells.load(alone), report_cells.load(together)
  found = [group for own in grouped for group in groups.load(own)]
  gains = transfer.make(base, sorted(found, key=lambda g: len(g.members)))
  seeds = sorted({*gains.long['seed'].tolist()})
  frame = probe_records.frame(together, cell)
  measured = pair_measures.tables(frame, gains.names, seeds, config.steps)
  kept = interference.features(alone)
  features = [
    measures.feature_similarity.measure(kept[s], kept[s]) for s in seeds
  ]
  for measure in measures.feature_similarity.MEASURES:
    values = [np.asarray(own[measure]) for own in features]
    measured[f'{measure} of single', 'end'] = np.stack(values)
  if config.dataset == 'synthetic':
    measured['known cosine', ''] = np.stack([known(config, s) for s in seeds])
  return correlations.Judged(name, gains, measured)


def known(config: Any, seed: int) -> np.ndarray:
  """How related the tasks of a world are, `[K, K]`, whatever the sign."""
  fields = config.datasets.synthetic.to_dict()
  wanted = ('family', 'tasks', 'related', 'rank', 'groups', 'inputs')
  draw = np.random.default_rng(seed)
  weights = synthetic.weights(draw, **{key: fields[key] for key in wanted})
  return np.abs(weights @ weights.T)


def cost(name: str, folder: pathlib.Path, size: int) -> dict[str, Any]:
  """What looking at all tasks together took, against training them."""
  cell = report_cells.load(folder)
  steps, evals = (cell.header['comparable'][key] for key in ('steps', 'evals'))
  look, rate = cell.cost['probe_seconds'], cell.cost['steps_per_second']
  return {
    'tasks': name,
    'num_tasks': size,
    'steps': steps,
    'looks': evals + 1,
    'look_ms': 1000 * look,
    'look_in_steps': look * rate,
    'share_of_training': (evals + 1) * look * rate / steps,
  }


def report(
  judged: list[correlations.Judged], costs: list[dict], folder: pathlib.Path
) -> None:
  """Writes everything and prints the page."""
  found = correlations.Validity(
    correlations.correlation_rows(judged), regrets.rows_of(judged), costs
  )
  for name, frame in found.frames.items():
    tables.write_csv(frame, folder / f'{name}.csv')
  text = page.page(judged, found)
  atomic.write(folder / 'validity.md', text)
  print(text, flush=True)
  figures.write(found, folder)
  print(
    f'written: {folder}/validity.md, correlations.csv, regrets.csv, '
    'costs.csv, correlations.png, regrets.png'
  )


if __name__ == '__main__':
  cli.run(main)
