"""Measures how tasks interfere in one scheme.

  python -m experiments.interference --config=configs/actg175.py \\
    --scheme=hard --balancer=equal --workdir=out/interference

Trains the scheme with the balancer, and also `single` with `equal`, whose
towers learn the features of each task separately. At the start and at each
evaluation it compares the gradients of the tasks on `config.probe.batches`
batches (4 if the config has 0). Writes interference.csv, matrices.csv,
interference.md and figures/. A finished cell is not trained again.

docs/interference.md defines each number and its limits.
"""

from __future__ import annotations

import pathlib
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import cli, compare, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from mtl_jax import cells
  from mtl_jax import interference as measures
  from mtl_jax.processes import hosts
  from mtl_jax.records import atomic
  from mtl_jax.report import results as report_cells
  from mtl_jax.report import terminal
  from mtl_jax.report.compare import tables
  from mtl_jax.report.interference import figures, page, pairs, probe_records

BASELINE = ('single', 'equal')
BATCHES = 4  # batches per evaluation if the config has 0

if TYPE_CHECKING:
  import pandas as pd


def main() -> None:
  """Trains the scheme and the baseline and writes the report."""
  config, folder = cli.CONFIG.value, pathlib.Path(cli.WORKDIR.value)
  launcher = cli.launcher()
  pair = (
    cli.SCHEME.value or config.scheme,
    cli.BALANCER.value or config.balancer,
  )
  table = make_cells(config, [*dict.fromkeys([BASELINE, pair])], folder)
  folders = compare.trained(table, folder, launcher)
  if hosts.is_process_0():
    steps = table[-1].config.steps
    report(measure(folders[-1], folders[0], steps), folder, folders)


def make_cells(
  config: Any, pairs: list[tuple[str, str]], folder: pathlib.Path
) -> list[cells.Cell]:
  """Makes the cells, with interference measured in training.

  Args:
    config: the config.
    pairs: schemes and balancers.
    folder: the workdir.

  Raises:
    InputError: if the data set has only one task, or a cell cannot be made.
  """
  configs = [compare.choose(config, *pair) for pair in pairs]
  for chosen in configs:
    chosen.probe.batches = chosen.probe.batches or BATCHES
    cells.check(chosen)
  datas = cells.data(config)
  if len(datas[0].tasks) < 2:
    raise InputError(
      f'{config.dataset} has one task, {datas[0].tasks[0].name}; interference '
      'requires two or more'
    )
  return [cells.make(chosen, datas, workdir=folder) for chosen in configs]


def measure(
  folder: pathlib.Path, single: pathlib.Path, steps: int
) -> pairs.Interference:
  """Collects the measures of a cell from its records and features.

  Args:
    folder: folder of the cell.
    single: folder of `single`, whose features those of the cell are compared
      with.
    steps: number of training steps, at which features were saved.
  """
  import pandas as pd

  own = report_cells.load(folder)
  frame = probe_records.frame(folder, own)
  alone = None if own.is_baseline else saved(single, 'features')
  similarity = similarities(saved(folder, 'features'), alone, own, steps)
  estimated = affinities(saved(folder, 'grad_tag'), own, steps)
  # Empty frames would make numbers objects.
  frames = [one for one in (frame, similarity, estimated) if len(one)]
  every = pd.concat(frames, ignore_index=True)
  return pairs.make(every, own, probe_records.batches(folder, own))


def saved(folder: pathlib.Path, name: str) -> dict[int, np.ndarray]:
  """Loads what was measured after training, by the seed of a reported run.

  Args:
    folder: folder of the cell.
    name: `features` for those that the heads read `[K, rows, C]`, or `grad_tag`
      for affinities `[K, K]`.

  Returns:
    An array per seed; none of `grad_tag` where all towers are separate.
  """
  paths = folder.glob(f'{name}_*.npy')
  chunks = {int(path.stem.split('_')[-1]): np.load(path) for path in paths}
  runs = {
    first + i: own
    for first, chunk in chunks.items()
    for i, own in enumerate(chunk)
  }
  shown = probe_records.runs(folder, report_cells.load(folder))
  return {seed: runs[run] for run, seed in shown.items() if run in runs}


def affinities(
  by_seed: dict[int, np.ndarray], cell: report_cells.Cell, steps: int
) -> pd.DataFrame:
  """Lists the affinities that Grad-TAG estimates after training.

  Args:
    by_seed: `[K, K]`, i -> j, by seed.
    cell: the cell.
    steps: number of training steps, for the column `step`.

  Returns:
    One row per ordered pair of tasks and seed.
  """
  import pandas as pd

  names = [task.name for task in cell.tasks]
  rows = [
    (steps, probe_records.TOTAL, names[i], names[j], 'grad_tag', seed, value)
    for seed, own in by_seed.items()
    for (i, j), value in np.ndenumerate(own)
    if np.isfinite(value)
  ]
  return pd.DataFrame(rows, columns=[*probe_records.COLUMNS])


def similarities(
  by_seed: dict[int, np.ndarray],
  alone: dict[int, np.ndarray] | None,
  cell: report_cells.Cell,
  steps: int,
) -> pd.DataFrame:
  """Compares features between tasks, and with the towers of `single`.

  Tasks are not compared if all of them read the same features.

  Args:
    by_seed: features of the cell `[K, rows, C]`, by seed.
    alone: features of `single`; None if the cell is `single` itself.
    cell: the cell.
    steps: number of training steps, for the column `step`.

  Returns:
    One row per measure, pair of tasks and seed; undefined values are omitted.
  """
  import pandas as pd

  names, rows = [task.name for task in cell.tasks], []
  for seed, own in by_seed.items():
    # A shared encoder gives all tasks the same features, so that their
    # similarity is 1 by construction.
    compared = {'': own} if (own != own[:1]).any() else {}
    if alone and seed in alone:
      compared['_single'] = alone[seed]
    for end, other in compared.items():
      measured = measures.feature_similarity.measure(own, other)
      for measure_name, values in measured.items():
        for (i, j), value in np.ndenumerate(values):
          name = measure_name + end
          if i != j or name in probe_records.WITH_ITSELF:
            pair = names[i], names[j]
            rows.append((steps, 'features', *pair, name, seed, value))
  frame = pd.DataFrame(rows, columns=[*probe_records.COLUMNS])
  return frame[np.isfinite(frame['value'].astype(float))]


def report(
  measured: pairs.Interference,
  folder: pathlib.Path,
  folders: list[pathlib.Path],
) -> None:
  """Writes all files and prints the page.

  Args:
    measured: the measures.
    folder: the workdir.
    folders: folders of the cells, to be printed.
  """
  tables.write_csv(measured.frame, folder / 'interference.csv')
  tables.write_csv(measured.matrices, folder / 'matrices.csv')
  text = page.markdown(measured)
  atomic.write(folder / 'interference.md', text)
  terminal.show(page.sheet(measured))
  sys.stdout.flush()
  figures.write(measured, folder / 'figures')
  print(
    f'\nwritten: {folder}/interference.md .csv, {folder}/matrices.csv, '
    f'{folder}/figures/*.png; cells: {", ".join(map(str, folders))}'
  )


if __name__ == '__main__':
  cli.run(main, compare.check_choices)
