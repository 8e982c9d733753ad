"""Trains the rows of a recipe, and reads their accuracies."""

import pathlib
from typing import Any

from benchmarks.multi_fashion import presets
from mtl_jax.api.experiment import Experiment
from mtl_jax.launchers import base
from mtl_jax.report import results

TASKS = ('left', 'right')
COLUMNS = ('preset', 'recipe', 'row', 'seed', *TASKS, 'test_over_train')
COLUMNS += ('params', 'seconds')


def made(
  recipe: str,
  size: presets.Size,
  launcher: base.Launcher,
  folder: pathlib.Path,
  given: dict[str, Any],
) -> tuple[Experiment, list]:
  """Makes the cells of a recipe; nothing is trained.

  Args:
    recipe: one of `presets.RECIPES`.
    size: how much of it is trained.
    launcher: trains the cells.
    folder: the workdir of the recipe.
    given: keys of the config that the command sets, such as `files`.

  Returns:
    The loaded experiment and a cell per row.

  Raises:
    InputError: there is no Fashion-MNIST, or a cell cannot be made.
  """
  configs = [*presets.configs(recipe, size).values()]
  for config in configs:
    config.update(given)
  experiment = Experiment(configs[0], launcher, folder, reference=False)
  experiment = experiment.loaded()
  return experiment, experiment.make_all(configs, skip_invalid=False)


def rows(
  preset: str, recipe: str, row: str, cell: results.Cell
) -> list[dict[str, Any]]:
  """Returns the lines of accuracies.csv of one cell, one per seed.

  Args:
    preset: its name.
    recipe: its name.
    row: its name.
    cell: the records; a run that failed has no line.
  """
  accuracies = [cell.values(task, 'accuracy') for task in TASKS]
  shared = (cell.test_over_train, cell.cost['params'], cell.cost['seconds'])
  shared = ['' if x is None else f'{x:.6g}' for x in shared]
  return [
    dict(
      zip(
        COLUMNS,
        [preset, recipe, row, seed]
        + [f'{100 * own[seed]:.6g}' for own in accuracies]
        + shared,
        strict=True,
      )
    )
    for seed in sorted(accuracies[0])
  ]
