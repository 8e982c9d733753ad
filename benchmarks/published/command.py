"""The command of all data sets; each has a file of its own beside this one."""

from __future__ import annotations

import functools
import pathlib

from absl import flags

from benchmarks import commands
from experiments import cli, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from benchmarks.published import (
    figures,
    page,
    protocols,
    sizes,
    trainings,
  )
  from mtl_jax.processes import hosts
  from mtl_jax.report import drawing

PRESET = flags.DEFINE_string('preset', 'smoke', 'The size: smoke, cpu or full.')
DATA = flags.DEFINE_string('data', None, 'Folder of the files of the data set.')
INIT_FROM = flags.DEFINE_string(
  'init_from', '', 'File of weights to start from, as config.init_from.'
)
VERBOSE = flags.DEFINE_integer('verbose', 1, 'As config.verbose.', 0, 2)


def run(name: str) -> None:
  """Runs the command of a data set, and exits.

  Args:
    name: of the data set in protocols.toml.
  """
  cli.run(functools.partial(main, name), functools.partial(check, name))


def check(name: str) -> None:
  """Checks the flags before JAX is imported.

  Args:
    name: of the data set in protocols.toml.

  Raises:
    InputError: a flag is missing, has no meaning here, or has another value.
  """
  cli.require('workdir')
  if cli.CONFIG.value:
    raise InputError('--config has no meaning for this benchmark; leave it out')
  commands.check_preset(PRESET.value, ('smoke', 'cpu', 'full'))
  sizes.check_folder(name, PRESET.value, DATA.value)


def main(name: str) -> None:
  """Trains the rows of the preset and prints published against ours.

  Args:
    name: of the data set.
  """
  import jax  # not at the top: a misspelt flag is answered without it

  preset, workdir = PRESET.value, pathlib.Path(cli.WORKDIR.value)
  sizes.refuse(preset, [device.platform for device in jax.devices()])
  own, size = protocols.load()[name], sizes.PRESETS[preset]
  files = DATA.value or ''
  if size.miniature:
    files = str(workdir / 'miniature')
    sizes.miniature(name, pathlib.Path(files))
  config = sizes.base(own, preset, files, workdir)
  config.verbose = VERBOSE.value
  if INIT_FROM.value:
    config.init_from = INIT_FROM.value
  cells = workdir / 'trained'  # A workdir of cells holds nothing else.
  experiment, made = trainings.make(own, preset, config, cli.launcher(), cells)
  for line in trainings.estimate(made, cells, first_only=size.miniature):
    print(f'predicted: {line}', flush=True)
  trainings.train(experiment, made)
  if hosts.is_process_0():
    why = sizes.why_apart(own, preset)
    lines = trainings.lines(made, cells, why, bool(INIT_FROM.value))
    tested = [] if size.miniature else trainings.directions_of(made, cells)
    if tested:
      tables = [(r.protocol, trainings.finished(r, cells)) for r in made]
      drawing.save(figures.draw(tables), workdir / page.FIGURE)
    print(page.write(workdir, own, lines, size.miniature, tested))
