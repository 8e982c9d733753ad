"""How do tasks interfere inside one scheme?

  python -m experiments.interference --config=configs/actg175.py \\
    --scheme=hard --balancer=equal --workdir=out/interference

Trains the scheme with the balancer, and `single` with `equal` besides, whose
towers learn each task's features alone. At the start and at each evaluation it
compares the tasks' gradients on `config.probe.batches` batches (4 where the
config says 0). Writes interference.csv, matrices.csv, interference.md and
figures/; a finished cell is not trained again.

What each number is and what not to conclude: docs/interference.md.
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
BATCHES = 4  # where the config has none

if TYPE_CHECKING:
  import pandas as pd


def main() -> None:
  config, folder = cli.CONFIG.value, pathlib.Path(cli.WORKDIR.value)
  launcher = cli.launcher()
  asked = (
    cli.SCHEME.value or config.scheme,
    cli.BALANCER.value or config.balancer,
  )
  table = made(config, [*dict.fromkeys([BASELINE, asked])], folder)
  folders = compare.trained(table, folder, launcher)
  if hosts.is_process_0():
    report(measured(folders[-1], folders[0], config.steps), folder, folders)


def made(
  config: Any, pairs: list[tuple[str, str]], folder: pathlib.Path
) -> list[cells.Cell]:
  """The cells, with interference measured.

  Raises `InputError` where there is no pair of tasks.
  """
  configs = [compare.choose(config, *pair) for pair in pairs]
  for chosen in configs:
    chosen.probe.batches = chosen.probe.batches or BATCHES
    cells.check(chosen)
  datas = cells.data(config)
  if len(datas[0].tasks) < 2:
    raise InputError(
      f'{config.dataset} has one task, {datas[0].tasks[0].name}; interference '
      'takes two or more'
    )
  return [cells.make(chosen, datas, workdir=folder) for chosen in configs]


def measured(
  folder: pathlib.Path, single: pathlib.Path, steps: int
) -> pairs.Interference:
  """What the records and features of a cell say, beside those of `single`."""
  import pandas as pd

  own = report_cells.load(folder)
  frame = probe_records.frame(folder, own)
  alone = None if own.is_baseline else features(single)
  likeness = alike(features(folder), alone, own, steps)
  both = pd.concat([frame, likeness], ignore_index=True)
  return pairs.make(both, own, probe_records.batches(folder, own))


def features(folder: pathlib.Path) -> dict[int, np.ndarray]:
  """What tasks' heads read, `[K, rows, C]`, by the seeds that are shown."""
  paths = folder.glob('features_*.npy')
  chunks = {int(path.stem.split('_')[1]): np.load(path) for path in paths}
  runs = {
    first + i: own
    for first, kept in chunks.items()
    for i, own in enumerate(kept)
  }
  shown = probe_records.runs(folder, report_cells.load(folder))
  return {seed: runs[run] for run, seed in shown.items()}


def alike(
  kept: dict[int, np.ndarray],
  alone: dict[int, np.ndarray] | None,
  cell: report_cells.Cell,
  steps: int,
) -> pd.DataFrame:
  """How alike features are: of two tasks, and of one and another's own tower.

  Nothing is said of two tasks where all read the same features, nor of single
  towers (`alone`) where those are what is looked at.
  """
  import pandas as pd

  names, rows = [task.name for task in cell.tasks], []
  for seed, own in kept.items():
    compared = {'': own} if (own != own[:1]).any() else {}
    if alone and seed in alone:
      compared['_single'] = alone[seed]
    for end, other in compared.items():
      found = measures.feature_similarity.measure(own, other)
      for measure, values in found.items():
        for (i, j), value in np.ndenumerate(values):
          name = measure + end
          if i != j or name in probe_records.WITH_ITSELF:
            pair = names[i], names[j]
            rows.append((steps, 'features', *pair, name, seed, value))
  found = pd.DataFrame(rows, columns=[*probe_records.COLUMNS])
  return found[np.isfinite(found['value'].astype(float))]


def report(
  found: pairs.Interference, folder: pathlib.Path, folders: list[pathlib.Path]
) -> None:
  """Writes everything and prints the page."""
  tables.write_csv(found.frame, folder / 'interference.csv')
  tables.write_csv(found.matrices, folder / 'matrices.csv')
  text = page.markdown(found)
  atomic.write(folder / 'interference.md', text)
  terminal.show(page.sheet(found))
  sys.stdout.flush()
  figures.write(found, folder / 'figures')
  print(
    f'\nwritten: {folder}/interference.md .csv, {folder}/matrices.csv, '
    f'{folder}/figures/*.png; cells: {", ".join(map(str, folders))}'
  )


if __name__ == '__main__':
  cli.run(main)
