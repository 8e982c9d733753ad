"""Trains the rows of the benchmark and collects the rows of its CSV file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cross_stitch import variants
from benchmarks.cross_stitch.paper import Preset
from configs import fashion_tasks
from experiments.search import with_changes
from mtl_jax import cells
from mtl_jax.api.experiment import Experiment
from mtl_jax.records import model_files
from mtl_jax.report import results as report_cells
from mtl_jax.report.runs import Run

TASKS = ('item', 'hidden')
# The training loss of a network that knows nothing: ten items with equal
# shares, and labels of variance one.
NOTHING = {'item': np.log(10), 'hidden': 1.0}

Line = dict[str, Any]


def config(preset: Preset) -> Any:
  """Returns the configuration of a preset, without scheme."""
  made = fashion_tasks.get_config()
  fields = made.datasets.fashion_tasks
  fields.num_train, fields.num_valid, fields.num_test = preset.pictures
  fields.labels = (('item', preset.labels),)
  made.seeds, made.steps, made.evals = preset.seeds, preset.steps, preset.evals
  made.keep = 'nothing'
  return made


def trained(preset: Preset, experiment: Experiment) -> list[Line]:
  """Trains all rows that are not finished.

  Args:
    preset: the size.
    experiment: of the preset's config; nothing is loaded.

  Returns:
    The lines of the CSV file.
  """
  rows = variants.rows(preset.steps)
  configs = [with_changes(experiment.config, r.changes) for r in rows.values()]
  for one in configs:
    cells.check(one)
  experiment = experiment.loaded()
  made = [experiment.make(one) for one in configs]
  folders = dict(zip(rows, experiment.train(made), strict=True))
  loaded = {name: report_cells.load(folder) for name, folder in folders.items()}
  lines = {
    name: [_line(name, run) for run in cell.setting]
    for name, cell in loaded.items()
  }
  pair = [folders['single'], folders[variants.SECOND]]
  lines[variants.ENSEMBLE] = ensemble(pair, made[0])
  lines[variants.SPLIT] = best_split(lines)
  return sum(lines.values(), [])


def _line(row: str, run: Run) -> Line:
  """One run; measures are empty if it was not tested."""
  measures = {'item': '', 'hidden': ''}
  if run.test is not None:
    item, hidden = run.test['item']['accuracy'], run.test['hidden']['rmse']
    measures = {'item': f'{item:.6g}', 'hidden': f'{hidden:.6g}'}
  return {
    'row': row,
    'seed': run.seed,
    **measures,
    'score': '' if run.score is None else f'{run.score:.6g}',
    'diverged': int(diverged(run)),
  }


def diverged(run: Run) -> bool:
  """Whether training ended worse than where it might have begun.

  The last mean training loss of a task is not finite, or larger than that of a
  network that knows nothing. The parameters that are tested may be earlier.
  """
  if run.test is None:
    return True
  last = run.curve[-1].train_loss
  return any(
    last[task] is None or not last[task] <= NOTHING[task] for task in TASKS
  )


def ensemble(folders: Sequence[Path], cell: cells.Cell) -> list[Line]:
  """Tests the mean prediction of separately trained cells.

  Args:
    folders: of cells with predictions and the same seeds.
    cell: one of them, which has the data.

  Returns:
    A line for each seed that all cells completed.
  """
  stored = [model_files.read_predictions(folder) for folder in folders]
  seeds = set.intersection(*(set(one['seeds'].tolist()) for one in stored))
  first = cell.config.first_seed
  lines = []
  for seed in sorted(seeds):
    data = cell.datas[seed - first]
    means = {
      task: np.mean([one[f'{seed}/{task}'] for one in stored], axis=0)
      for task in TASKS
    }
    values = measured(means, data)
    numbers = {task: f'{values[task]:.6g}' for task in TASKS}
    lines.append(
      {'row': variants.ENSEMBLE, 'seed': seed, **numbers}
      | {'score': '', 'diverged': 0}
    )
  return lines


def measured(predictions: dict[str, np.ndarray], data: Any) -> dict[str, float]:
  """Returns the accuracy of `item` and the rmse of `hidden` on the test rows.

  The rmse is in standard deviations of the labels, as in records.

  Args:
    predictions: in the units of `predictions.npz`: probabilities, brightness.
    data: of the seed.
  """
  items, blocks = data.test.labels
  scale = data.scales[1]
  error = (predictions['hidden'] - scale.mean) / scale.std - blocks
  return {
    'item': float(np.mean(predictions['item'].argmax(1) == items)),
    'hidden': float(np.sqrt(np.mean(error**2))),
  }


def best_split(lines: dict[str, list[Line]]) -> list[Line]:
  """Returns the lines of the split that validation prefers.

  Args:
    lines: by row; those of `variants.SPLITS` are compared by their mean score.
  """
  scores = {
    name: np.mean([float(r['score'] or 'inf') for r in lines[name]])
    for name in variants.SPLITS
  }
  chosen = min(scores, key=scores.get)
  return [line | {'row': variants.SPLIT} for line in lines[chosen]]
