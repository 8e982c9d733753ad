"""Runs the ablations of cross-stitch networks on two tasks of one picture.

  python -m benchmarks.cross_stitch --preset=cpu --workdir=out/cross_stitch \\
    --out=docs/results/cross_stitch

Misra et al., CVPR 2016, tables 1 to 3 and 5: the initial weights of units, the
multiplier of their learning rate, towers that are first trained separately, and
what else could be trained. Writes a CSV file, a figure and a page on which of
the published directions hold. The preset `smoke` takes minutes and shows
nothing but that all is in order. If the command is interrupted, the same
command continues. The files of Fashion-MNIST are needed, see docs/data.md.
"""

from __future__ import annotations

import pathlib

from absl import flags

from benchmarks import commands
from benchmarks.cross_stitch import paper
from experiments import cli, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from benchmarks import results
  from benchmarks.cross_stitch import page, runs
  from mtl_jax.api import experiment as experiments
  from mtl_jax.processes import hosts

PRESET = flags.DEFINE_string('preset', 'cpu', 'The size: smoke or cpu.')
OUT = flags.DEFINE_string('out', paper.FOLDER, 'Folder of the results.')


def check() -> None:
  """Checks the flags before JAX is imported.

  Raises:
    InputError: `--workdir` is missing, the preset is unknown, or `--config` is
      given.
  """
  cli.require('workdir')
  if cli.CONFIG.value:
    raise InputError('--config has no meaning for this benchmark; leave it out')
  commands.check_preset(PRESET.value, paper.PRESETS)


def main() -> None:
  preset, out = paper.PRESETS[PRESET.value], pathlib.Path(OUT.value)
  asked = experiments.Experiment(
    runs.config(preset), cli.launcher(), pathlib.Path(cli.WORKDIR.value)
  )
  # Files belong to process 0; the other processes only train.
  if hosts.is_process_0():
    commands.make_folder(out)
  lines = runs.trained(preset, asked)
  if hosts.is_process_0():
    named = [{'preset': PRESET.value} | line for line in lines]
    results.write(out / page.CSV, named)
    page.write(out)
    print(f'written: {out}/README.md, {page.CSV}, {page.FIGURE}')


if __name__ == '__main__':
  cli.run(main, check)
