"""Runs the synthetic experiment of MMoE: three models, 200 draws.

  python -m benchmarks.mmoe_synthetic --workdir=out/mmoe_synthetic \\
    --out=docs/results/mmoe_synthetic

Ma et al., KDD 2018, sections 3.3 and 5.1: Shared-Bottom, OMoE and MMoE with as
many weights, on two tasks whose weights have cosine p. Learning rates are
chosen on separate worlds; then every model is trained in the same 200 worlds at
each p. Writes CSV files, two figures and a page on which of the paper's claims
hold. If the command is interrupted, the same command continues.
"""

from __future__ import annotations

import pathlib

from absl import flags

from benchmarks.mmoe_synthetic import paper
from experiments import cli, lazy
from mtl_jax.errors import InputError
from mtl_jax.launchers import base

with lazy.imports():
  from benchmarks import results
  from benchmarks.mmoe_synthetic import page, runs
  from mtl_jax.processes import hosts
  from mtl_jax.records import owner
  from mtl_jax.report import results as report_cells

DRAWS = flags.DEFINE_integer(
  'draws', paper.DRAWS, 'Worlds for each model and p.', 1
)
STEPS = flags.DEFINE_integer('steps', paper.STEPS, 'Steps of every run.', 1)
OUT = flags.DEFINE_string('out', paper.FOLDER, 'Folder of the results.')


def check() -> None:
  """Checks the flags before JAX is imported.

  Raises:
    InputError: `--workdir` is missing, or `--config` is given.
  """
  cli.require('workdir')
  if cli.CONFIG.value:
    raise InputError('--config has no meaning for this benchmark; leave it out')


def main() -> None:
  folder, out = pathlib.Path(cli.WORKDIR.value), pathlib.Path(OUT.value)
  launcher = cli.launcher()
  made = runs.tuning(STEPS.value)
  # Files belong to process 0; the other processes only train.
  if hosts.is_process_0():
    _make(out)
    owner.claim(folder, budget())
  loaded = _trained(launcher, made, folder)
  rates = dict(zip(runs.MODELS, map(runs.rate, loaded), strict=True))
  pairs = zip(made, loaded, strict=True)
  tuned = [row for pair in pairs for row in runs.rates_table(*pair)]
  # One p at a time: the worlds of all may not fit into memory.
  by_p = [_at(p, rates, launcher, folder) for p in runs.CORRELATIONS]
  if hosts.is_process_0():
    losses, curves = (sum(rows, []) for rows in zip(*by_p, strict=True))
    results.write(out / page.TUNED, tuned)
    results.write(out / page.CURVES, curves)
    results.write(out / page.LOSSES, losses)
    page.write(out)
    print(f'written: {out}/README.md, *.csv, *.png')


def _at(
  p: float, rates: dict[str, float], launcher: base.Launcher, folder
) -> tuple[list[runs.Row], list[runs.Row]]:
  """Trains all models at one correlation; returns losses and curves."""
  made = runs.drawn(p, rates, DRAWS.value, STEPS.value)
  loaded = _trained(launcher, made, folder)
  shares = runs.noise_shares(made[0])
  losses = [
    row
    for model, cell in zip(runs.MODELS, loaded, strict=True)
    for row in runs.losses(model, p, cell, shares)
  ]
  return losses, runs.curves(p, loaded)


def budget() -> dict:
  """Returns what all cells of a workdir share; draws may be added later."""
  return {
    'benchmark': 'mmoe_synthetic',
    'steps': STEPS.value,
    'evals': runs.EVALS,
    'batch_size': runs.BATCH,
  }


def _make(out: pathlib.Path) -> None:
  """Makes the folder of the results, to fail before training if it cannot."""
  try:
    out.mkdir(parents=True, exist_ok=True)
  except OSError as error:
    raise InputError(
      f'--out {out}: {error.strerror}; name a folder that can be written'
    ) from error


def _trained(
  launcher: base.Launcher, made: list, folder: pathlib.Path
) -> list[report_cells.Cell]:
  launcher.check(made, folder)
  return [report_cells.load(f) for f in launcher.train(made, folder)]


if __name__ == '__main__':
  cli.run(main, check)
