"""Trains pictures of two pieces of clothing, published rows against ours.

  python -m benchmarks.multi_fashion --preset=cpu \\
    --workdir=out/multi_fashion/cells --out=out/multi_fashion

The data set is multi_fashion, pairs of Fashion-MNIST. The rows are single, hard
with equal, uncertainty, gradnorm, mgda, pcgrad, cagrad, imtl, graddrop and rlw
(normal and Dirichlet), and cross_stitch, mmoe and mtan with equal. Presets are
smoke (minutes), cpu (20,000 pairs) and full (as published: lenet and
lenet_sener_koltun with adam and sgd, resnet18; it takes a GPU or TPU). Writes a
page, a figure and CSV files. If the command is interrupted, the same command
continues; with --read it writes the page of what is trained so far.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

from absl import flags

from benchmarks import commands
from experiments import cli, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from benchmarks import results
  from benchmarks.multi_fashion import page, presets, runs
  from mtl_jax import records
  from mtl_jax.processes import hosts
  from mtl_jax.report import results as report_cells

if TYPE_CHECKING:
  from mtl_jax.launchers.base import Launcher

PRESET = flags.DEFINE_string('preset', 'cpu', 'The size: smoke, cpu or full.')
RECIPES = flags.DEFINE_list(
  'recipes', None, 'Recipes of the preset; by default all that it has.'
)
READ = flags.DEFINE_bool(
  'read', False, 'Write the page of the rows trained so far; train nothing.'
)
OUT = flags.DEFINE_string('out', None, 'Folder of the page.')
FILES = flags.DEFINE_string(
  'files', '', "Folder of Fashion-MNIST's files; see docs/data.md."
)
VERBOSE = flags.DEFINE_integer('verbose', 1, 'As config.verbose.', 0, 2)


def check() -> None:
  """Checks the flags before JAX is imported.

  Raises:
    InputError: a flag is missing, has no meaning here, or has another value.
  """
  cli.require('workdir', 'out')
  if cli.CONFIG.value:
    raise InputError('--config has no meaning for this benchmark; leave it out')
  commands.check_preset(PRESET.value, presets.PRESETS)
  presets.check_recipes(RECIPES.value, PRESET.value)


def main() -> None:
  """Trains the recipes of the preset and writes the page."""
  import jax  # not at the top: a misspelt flag is answered without it

  if not READ.value:
    presets.refuse(PRESET.value, jax.devices())
  launcher, out = cli.launcher(), pathlib.Path(OUT.value)
  made = {
    recipe: runs.made(
      recipe, size, launcher, pathlib.Path(cli.WORKDIR.value) / recipe, _given()
    )
    for recipe, size in presets.sizes(PRESET.value, RECIPES.value).items()
  }
  # Before training, so that it fails early.
  if hosts.is_process_0():
    commands.make_folder(out)
  trained = _folders(made) if READ.value else _train(made, launcher)
  if hosts.is_process_0():
    _write(trained, out)


def _train(made: dict, launcher: Launcher) -> dict[str, list[pathlib.Path]]:
  # All recipes are checked before the first is trained.
  for experiment, table in made.values():
    launcher.check(table, experiment.folder)
  return {recipe: own.train(table) for recipe, (own, table) in made.items()}


def _folders(made: dict) -> dict[str, list[pathlib.Path]]:
  return {
    recipe: [experiment.folder / 'cells' / cell.hash for cell in table]
    for recipe, (experiment, table) in made.items()
  }


def _given() -> dict:
  return {'files': FILES.value, 'verbose': VERBOSE.value}


def _write(trained: dict[str, list[pathlib.Path]], out: pathlib.Path) -> None:
  lines = []
  for recipe, folders in trained.items():
    for row, folder in zip(presets.TRAINED[recipe], folders, strict=True):
      if records.finished(folder):
        cell = report_cells.load(folder)
        lines += runs.rows(PRESET.value, recipe, row, cell)
  if not lines:
    raise InputError('no run was completed; see the notes above')
  results.write(out / page.ACCURACIES, lines)
  page.write(out)
  print(f'written: {out}/README.md, *.csv, {page.FIGURE}.png')


if __name__ == '__main__':
  cli.run(main, check)
