"""The scheme or the balancer, under several optimizers and network sizes?

  python -m experiments.factorial --config=configs/actg175.py \\
    --schemes=hard,mmoe,cross_stitch,mtan \\
    --balancers=equal,uncertainty,pcgrad,famo,fairgrad \\
    --optimizer="adamw hp.lr=(3e-3,1e-2)" \\
    --optimizer="sgd hp.lr=(.01,.03) hp.weight_decay=(.01,)" \\
    --size=config --size="small encoders.mlp.widths=(32,32)" \\
    --workdir=out/factorial

Trains the grid of `experiments.grid` once for every optimizer with every size,
each in its own folder of the workdir with its own `single`: rankings that are
published depend on the optimizer (arXiv:2311.04698) and on the size of the
network (arXiv:2408.07985). An optimizer needs learning rates of its own: every
cell, `single` included, chooses among the values by its validation rows in each
resplit, and all variants have the same number of values. Momentum is
config.optimizers.sgd.momentum, .9.

Writes factorial.md, factorial.csv (every entry), shares.csv (of the variance of
Delta_m) and figures/factorial.png. A finished cell is not trained again.
"""

from __future__ import annotations

import itertools
import math
import sys
from typing import Any

from absl import flags

from experiments import cli, compare, grid, lazy, levels
from mtl_jax.errors import InputError
from mtl_jax.plugins import checks

with lazy.imports():
  from mtl_jax.processes import hosts
  from mtl_jax.records import owner
  from mtl_jax.report import terminal
  from mtl_jax.report.grid import page, variants

OPTIMIZER = flags.DEFINE_multi_string(
  'optimizer',
  [],
  'An optimizer and the settings that come with it, as in '
  '--optimizer="sgd hp.lr=(.01,.03)". The flag can be repeated. The default is '
  'config.optimizer.',
)
SIZE = flags.DEFINE_multi_string(
  'size',
  [],
  'A name for a size of the network and its settings, as in --size=config '
  '--size="small encoders.mlp.widths=(32,32)". The flag can be repeated. The '
  "default is the configuration's own.",
)
OWN = 'config'  # name of the size that the configuration has


def check() -> None:
  """Checks the flags without importing JAX.

  Raises:
    InputError: as in `compare.check_choices`, if a level is no name with
      settings, sets what all variants have in common, or if variants try
      different numbers of settings.
  """
  compare.check_choices()
  configs = changed(cli.CONFIG.value)
  for config in configs.values():
    checks.check(config)
  counts = {' '.join(names): tried(one) for names, one in configs.items()}
  if len({*counts.values()}) > 1:
    text = ', '.join(f'{name} {n}' for name, n in counts.items())
    raise InputError(
      f'variants try different numbers of config.hp settings ({text}); give '
      'every --optimizer as many, such as hp.lr=(.01,.03)'
    )


def tried(config: Any) -> int:
  """Returns among how many settings of config.hp a cell chooses."""
  sizes = [max(len(values), 1) for values in config.hp.to_dict().values()]
  return max(sizes) if config.paired else math.prod(sizes)


def changed(config: Any) -> dict[tuple[str, str], Any]:
  """Returns a config for every optimizer with every size, by their names.

  Raises:
    InputError: a level is no name with settings, or names a key that does not
      exist.
  """
  optimizers = [
    (name, {'optimizer': name, **own})
    for name, own in levels.parse(
      'optimizer', OPTIMIZER.value or [config.optimizer]
    )
  ]
  sizes = levels.parse('size', SIZE.value or [OWN])
  return {
    (a, b): levels.with_level(config, {**first, **second})
    for (a, first), (b, second) in itertools.product(optimizers, sizes)
  }


def main() -> None:
  """Trains the grids of all variants and writes the page."""
  experiment = cli.experiment()._replace(reference=False)
  axes = grid.levels()
  if min(map(len, axes)) < 2:
    text = 'which matters more takes two --schemes and two --balancers; without'
    print(f'note: {text}, only the grids are made', file=sys.stderr)
  configs = {
    names: grid.chosen(config, *axes)
    for names, config in changed(experiment.config).items()
  }
  experiment = experiment.loaded()
  folder = experiment.folder
  if hosts.is_process_0():
    owner.claim(folder, {'factorial': experiment.config.dataset})
  grids = {}
  for i, (names, own) in enumerate(configs.items()):
    text = f'{" ".join(names)}: {i + 1} of {len(configs)} variants'
    print(text, file=sys.stderr)
    place = experiment._replace(
      config=own[grid.BASELINE], folder=folder / '-'.join(names)
    )
    grids[names] = grid.train(place, own, *axes)
  if not hosts.is_process_0():
    return
  sections = page.write(variants.make(grids), folder, settings())
  for section in sections:
    print(f'\n{section.title}')
    terminal.show(section.sheet)
  files = 'factorial.md .csv, shares.csv, figures/factorial.png'
  print(f'written to {folder}: {files}')


def settings() -> dict[str, str]:
  """Returns what every level changes, by its name, as it was given."""
  texts = (text.split(maxsplit=1) for text in OPTIMIZER.value + SIZE.value)
  return {name: ' '.join(rest) for name, *rest in texts}


if __name__ == '__main__':
  cli.run(main, check)
