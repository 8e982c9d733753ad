"""Searches for a configuration by validation score, for a strong baseline.

  python -m experiments.search --config=configs/actg175.py --workdir=out/search

Tries every combination of the values in `SPACES[config.encoder]`, or of those
that `--try` names, for `--scheme` (`single` by default), each with all
`config.hp` values and on config.seeds splits. Ranks the settings by validation
score, writes search.csv and prints the best. The test split is not used, but
with resplits the validation rows of one seed are test rows of another: a
configuration that was found here looks better on the same rows than it is (see
docs/results/selection), for the scheme that it was found for. compare --tune=N
chooses inside each resplit, and gives every row the same draws.

  ... --scheme=cross_stitch --try="schemes.cross_stitch.mix_lr=(1., 10.)"
"""

from __future__ import annotations

import ast
import copy
import itertools
import pathlib
import sys
from typing import TYPE_CHECKING

from absl import flags

from experiments import cli, lazy
from mtl_jax.errors import InputError, nearest

with lazy.imports():
  from mtl_jax import cells, records
  from mtl_jax.api import combinations
  from mtl_jax.plugins import checks
  from mtl_jax.processes import hosts
  from mtl_jax.records import owner

if TYPE_CHECKING:
  import pandas as pd

TRY = flags.DEFINE_multi_string(
  'try',
  [],
  'A dotted config key and the values to try, as in '
  '--try="schemes.mmoe.num_experts=(2, 4)". The flag can be repeated.',
)
SHOWN = 10  # number of settings that are printed

# Values by dotted config key. Values of config.hp are better given as a tuple
# (--config.hp.lr="(1e-3,3e-3)"), which needs no further compilation.
SPACES = {
  'mlp': {
    'encoders.mlp.widths': ((32,), (128,), (64, 64), (256, 256)),
    'encoders.mlp.dropout': (0.0, 0.3, 0.6),
    'schedule': ('constant', 'cosine'),
  },
  'mixed': {
    'encoders.mixed.widths': ((32,), (128,), (64, 64), (256, 256)),
    'encoders.mixed.dropout': (0.0, 0.3, 0.6),
    'schedule': ('constant', 'cosine'),
  },
  'lenet': {
    'encoders.lenet.channels': ((10, 20), (16, 32)),
    'encoders.lenet.dropout': (0.0, 0.5),
  },
  'resnet': {
    'encoders.resnet.widths': ((16, 32, 64), (32, 64, 128)),
    'encoders.resnet.norm': ('batch', 'group'),
  },
  'lstm': {
    'encoders.lstm.dropout': (0.0, 0.3, 0.6),
  },
  'transformer': {
    'encoders.transformer.dropout': (0.0, 0.3, 0.6),
    'encoders.transformer.depth': (1, 2),
  },
}


def check() -> None:
  """Checks the flags without importing JAX.

  Raises:
    InputError: as in `cli.check`, or if `--try` names no key and its values.
  """
  cli.check()
  for key, values in parse_space(TRY.value).items():
    for value in values:
      try:
        checks.check(with_changes(cli.CONFIG.value, {key: value}))
      except TypeError as error:
        raise InputError(f'--try={key}: {value!r} is no value of it') from error


def main() -> None:
  """Trains all settings and ranks them."""
  config = combinations.swept(cli.CONFIG.value)
  folder = pathlib.Path(cli.WORKDIR.value)
  config.scheme, config.balancer = cli.SCHEME.value or 'single', 'equal'
  space = parse_space(TRY.value) or SPACES.get(config.encoder)
  if space is None:
    raise InputError(
      f'encoder {config.encoder!r} has no search space; give one with --try'
    )
  launcher = cli.launcher()
  cells.check(config)
  datas = cells.data(config)
  choices = [dict(zip(space, v, strict=True)) for v in grid(space)]
  table = [
    cells.make(with_changes(config, choice), datas, workdir=folder)
    for choice in choices
  ]
  launcher.check(table, folder)
  if hosts.is_process_0():
    owner.claim(folder, {'searched': config.dataset, 'seeds': config.seeds})
  folders = launcher.train(table, folder)
  if not hosts.is_process_0():
    return
  frame = rank(choices, folders)
  frame.to_csv(folder / 'search.csv', index=False)
  print(frame.head(SHOWN).to_string(index=False))
  print(f'all {len(frame)} settings: {folder / "search.csv"}', file=sys.stderr)


def parse_space(texts: list[str]) -> dict[str, tuple]:
  """Parses values of `--try`: `['a.b=(1, 2)'] -> {'a.b': (1, 2)}`.

  Raises:
    InputError: if a text is not of this form.
  """
  space = {}
  for text in texts:
    key, _, values = text.partition('=')
    try:
      space[key] = tuple(ast.literal_eval(values))
    except (SyntaxError, TypeError, ValueError) as error:
      raise InputError(f'--try={text}: write key=(value, ...)') from error
    if not space[key]:
      raise InputError(f'--try={text}: give at least one value')
  return space


def grid(space: dict[str, tuple]) -> itertools.product:
  """Returns all combinations of values."""
  return itertools.product(*space.values())


def with_changes(config, choice: dict):
  """Copies a config and sets dotted keys.

  Args:
    config: the config.
    choice: values by dotted key.

  Raises:
    InputError: if a key does not exist.
  """
  config = copy.deepcopy(config)
  for dotted, value in choice.items():
    part, keys = config, dotted.split('.')
    for i, key in enumerate(keys):
      if key not in part:
        raise InputError(f'--try={dotted}: no {key!r}; {nearest(key, part)}')
      if i < len(keys) - 1:
        part = part[key]
    part[keys[-1]] = value
  return config


def rank(choices: list[dict], folders: list[pathlib.Path]) -> pd.DataFrame:
  """Ranks settings by their mean validation score over seeds.

  Args:
    choices: values by dotted key, one dict per cell.
    folders: folders of the cells.

  Returns:
    One row per setting, the lowest score first.

  Raises:
    InputError: if every run failed.
  """
  import pandas as pd

  rows = []
  for choice, folder in zip(choices, folders, strict=True):
    lines = (r for r in records.read(folder) if r['kind'] == 'test')
    # A resumed run may have written its line twice; the last one is used.
    for line in {line['run']: line for line in lines}.values():
      row = {**choice, **line['hp'], 'score': line['score']}
      rows.append({**row, 'best_step': max(line['best_step'].values())})
  if not rows:
    raise InputError('every run failed; lower config.hp.lr')
  frame = (
    pd.DataFrame(rows)
    .drop(columns='task_weights')
    .astype(dict.fromkeys(choices[0], str))
  )
  keys = [key for key in frame if key not in ('score', 'best_step')]
  groups = frame.groupby(keys, as_index=False)
  return groups.agg(
    score=('score', 'mean'),
    std=('score', 'std'),
    seeds=('score', 'size'),
    best_step=('best_step', 'max'),
  ).sort_values('score')


if __name__ == '__main__':
  cli.run(main, check)
