"""Levels of a factor, as they are typed: a name and settings of the config."""

from __future__ import annotations

import ast
import re
from typing import Any

from experiments.search import with_changes
from mtl_jax.errors import InputError, nearest

# Keys that no level may set: variants are compared on the same rows, seeds and
# budget, and the grid is the same in all of them.
SAME = (
  *('dataset', 'datasets', 'data_dir', 'files', 'resplit', 'own_rows'),
  *('seeds', 'first_seed', 'steps', 'epochs', 'batch_size'),
  *('scheme', 'balancer'),
)

Level = tuple[str, dict[str, Any]]  # name, values by dotted key


def parse(flag: str, texts: list[str]) -> list[Level]:
  """Parses levels: `['sgd hp.lr=(.1,)'] -> [('sgd', {'hp.lr': (.1,)})]`.

  Args:
    flag: its name, for errors.
    texts: its values.

  Raises:
    InputError: if a text is not of this form, or two have one name.
  """
  levels = [_level(flag, text) for text in texts]
  names = [name for name, _ in levels]
  for name in names:
    if names.count(name) > 1:
      how = f' with optimizer={name} behind it' * (flag == 'optimizer')
      raise InputError(
        f'--{flag} names {name!r} twice; give one another name{how}'
      )
  return levels


def _level(flag: str, text: str) -> Level:
  name, *settings = text.split() or ['']
  # A level is the name of a folder.
  form = f'--{flag}={text!r}: write a name and settings, as "sgd hp.lr=(.1,)"'
  if not re.fullmatch(r'\w[\w.-]*', name):
    raise InputError(form)
  try:
    pairs = [setting.split('=', 1) for setting in settings]
    return name, {key: _value(value) for key, value in pairs}
  except ValueError as error:
    raise InputError(form) from error


def _value(text: str) -> Any:
  try:
    return ast.literal_eval(text)
  except (SyntaxError, ValueError) as error:
    if re.fullmatch(r'\w+', text):  # A word, such as schedule=step.
      return text
    raise ValueError(text) from error


def with_level(config: Any, changes: dict[str, Any]) -> Any:
  """Returns a config with the settings of levels.

  Args:
    config: a whole one.
    changes: values by dotted key.

  Raises:
    InputError: a key does not exist, is the same for all levels, or its value
      is of another type.
  """
  for dotted, value in changes.items():
    _check_change(config, dotted, value)
  try:
    return with_changes(config, changes)
  except (TypeError, ValueError) as error:
    text = ', '.join(f'{key}={value!r}' for key, value in changes.items())
    raise InputError(f'{text}: {" ".join(str(error).split())}') from error


def _check_change(config: Any, dotted: str, value: Any) -> None:
  part = config
  for key in dotted.split('.'):
    known = part.keys() if hasattr(part, 'keys') else []
    if key not in known:
      raise InputError(f'{dotted}: no config key; {nearest(key, known)}')
    part = part[key]
  if dotted.partition('.')[0] in SAME:
    raise InputError(
      f'{dotted}={value!r}: all optimizers and sizes have the same; set '
      f'--config.{dotted} instead'
    )
  if isinstance(part, tuple) and not isinstance(value, tuple):
    raise InputError(f'{dotted}={value!r}: write a tuple, as ({value!r},)')
