"""Checks of the numbers in a config: their types, and what is too large."""

import math
from typing import Any

from mtl_jax.errors import InputError
from mtl_jax.plugins import sections

LARGEST = 2**31  # whole numbers of training are of 32 bits
MOST_SEEDS = 100_000
# Fields of encoders that are counts, each at least 1.
COUNTS = ('widths', 'channels', 'depths', 'width', 'depth', 'heads', 'size')
COUNTS += ('mlp_ratio', 'max_len', 'image_width', 'word_width')
CHOSEN = ('dataset', 'encoder', 'scheme', 'balancer', 'optimizer', 'schedule')


def is_number(value: Any) -> bool:
  """Whether a value is a finite number; a truth value is none."""
  number = isinstance(value, int | float) and not isinstance(value, bool)
  return number and math.isfinite(value)


def is_whole(value: Any, least: int = 0) -> bool:
  """Whether a value is a whole number of 32 bits that is not below `least`."""
  return type(value) is int and least <= value < LARGEST


def check_seeds(config: Any) -> None:
  """Raises `InputError` if there are too many seeds, or one is no seed."""
  if config.seeds > MOST_SEEDS:
    raise InputError(
      f'config.seeds is {config.seeds}; it must be at most {MOST_SEEDS}'
    )
  if not 0 <= config.first_seed < LARGEST - MOST_SEEDS:
    raise InputError(
      f'config.first_seed is {config.first_seed}; it must be from 0 to '
      f'{LARGEST - MOST_SEEDS - 1}'
    )


def check_seconds(seconds: Any) -> None:
  """Raises `InputError` unless checkpoints are some time apart."""
  if not is_number(seconds) or seconds < 0:
    raise InputError(
      f'config.checkpoint_seconds is {seconds!r}; it must be a number of '
      'seconds, 0 or more'
    )


def check_fields(config: Any) -> None:
  """Checks the numbers in the sections of the files that a config chooses.

  Args:
    config: a whole config.

  Raises:
    InputError: a number is NaN or infinite, a dropout is no share, or a width
      or count of the encoder is not a whole number of at least 1.
  """
  for what in CHOSEN:
    # That of the user's own file may hold anything.
    if '.' in config[what]:
      continue
    where = sections.where(config, what)
    for key, value in config[what + 's'].get(config[what], {}).items():
      _check_field(f'{where}.{key}', key, value)
      if what == 'encoder' and key in COUNTS:
        _check_counts(f'{where}.{key}', value)


def _check_field(where: str, key: str, value: Any) -> None:
  for one in value if isinstance(value, tuple) else (value,):
    if isinstance(one, float) and not math.isfinite(one):
      raise InputError(f'{where} is {value!r}; give finite numbers')
  if key == 'dropout' and not (is_number(value) and 0 <= value < 1):
    raise InputError(
      f'{where} is {value!r}; it must be a share from 0 up to, not with, 1'
    )


def _check_counts(where: str, value: Any) -> None:
  several = isinstance(value, tuple)
  if not all(is_whole(one, 1) for one in (value if several else (value,))):
    raise InputError(
      f'{where} is {value!r}; give '
      f'{"whole numbers" if several else "a whole number"} of at least 1'
      + ', such as "(64, 64)"'
      * several
    )


def check_values(name: str, values: Any) -> None:
  """Checks the values of one key of `config.hp`.

  Args:
    name: of the key, such as 'lr'.
    values: to try.

  Raises:
    InputError: they are no tuple, or one of them is no number of its kind.
  """
  where = f'config.hp.{name}'
  if not isinstance(values, tuple | list) or not values:
    raise InputError(
      f'{where} is {values!r}; it must be a tuple of values to try, such as '
      '"(1e-3,)"'
    )
  if name == 'balancer':
    _check_settings(where, values)
  elif name == 'task_weights':
    _check_weights(where, values)
  elif not all(is_number(v) and v >= 0 for v in values):
    raise InputError(
      f'{where} is {values!r}; values must be finite numbers, not negative, '
      'such as "(1e-3, 3e-3)"'
    )


def _check_settings(where: str, values: Any) -> None:
  for entry in values:
    fits = isinstance(entry, tuple) and all(
      isinstance(pair, tuple)
      and len(pair) == 2
      and isinstance(pair[0], str)
      and is_number(pair[1])
      for pair in entry
    )
    if not fits:
      raise InputError(
        f'{where} holds {entry!r}; each entry must be a tuple of fields of the '
        'balancer and their numbers, such as "((\'c\', 0.2),)"'
      )


def _check_weights(where: str, values: Any) -> None:
  for entry in values:
    if not isinstance(entry, tuple) or not all(map(is_number, entry)):
      raise InputError(
        f'{where} holds {entry!r}; each entry must be a tuple of finite '
        'numbers, one per task, such as "((1, 2),)", or () for ones'
      )
    if entry and (min(entry) < 0 or sum(entry) <= 0):
      raise InputError(
        f'{where}: {entry} must have no negative number and a positive sum'
      )
