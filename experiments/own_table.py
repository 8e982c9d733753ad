"""The user's table of a command: its flags and its checks.

None of it imports JAX, so that a mistake in the table is reported at once.
"""

from typing import Any

from absl import flags

from experiments import lazy
from mtl_jax.errors import InputError
from mtl_jax.plugins import sections

with lazy.imports():
  from mtl_jax.data import several, table

# Data sets of the user's tables, and their fields that name the files.
TABLES = {'table': 'path', 'several': 'tables'}
FLAGS = {
  'weights': flags.DEFINE_string(
    'weights',
    None,
    'The column of the weights of rows in a table, or one per task: '
    'outcome=w,score=w2.',
  ),
  'split': flags.DEFINE_string(
    'split',
    None,
    'The column of your own split of a table, of the words train, valid, test.',
  ),
  'group': flags.DEFINE_string(
    'group', None, 'The column of the groups of a table that no split may cut.'
  ),
}


def check(config: Any) -> None:
  """Sets the fields of the flags and reads the table, if the config has one.

  Args:
    config: a whole config; it is changed in place.

  Raises:
    InputError: if a flag has no effect, or the table cannot be trained on.
  """
  given = {k: f.value for k, f in FLAGS.items() if f.value is not None}
  if config.dataset not in TABLES:
    for name in given:
      raise InputError(
        f'--{name} is for tables, and config.dataset is {config.dataset!r}; '
        'use --config=configs/table.py'
      )
    return
  config.datasets[config.dataset].update(given)
  _read(config)


def _read(config: Any):
  fields = dict(sections.section(config, 'dataset'))
  module = {'table': table, 'several': several}[config.dataset]
  return module.read(fields.pop(TABLES[config.dataset]), fields)
