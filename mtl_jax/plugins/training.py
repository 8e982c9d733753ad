"""Checks of how long a run trains, in what parts, and what is shown of it."""

from typing import Any

from mtl_jax import plugins
from mtl_jax.errors import InputError, nearest

LOGS = 'mtl_jax.records.logs'
AUGMENTS = ('', 'flip', 'scale_crop_flip')  # see mtl_jax/train/augment.py


def check(config: Any) -> None:
  """Raises `InputError` if a key about the course of training is invalid."""
  _check_epochs(config.epochs)
  _check_whole('patience', config.patience, 0, '0 never stops a run early')
  _check_accumulate(config.accumulate, config.batch_size)
  _check_augment(config.augment)
  if not isinstance(config.remat, bool):
    raise InputError(
      f'config.remat is {config.remat!r}; it must be True or False'
    )
  if config.verbose not in (0, 1, 2):
    raise InputError(
      f'config.verbose is {config.verbose!r}; it must be 0 (errors and the '
      'table alone), 1 or 2 (a line per evaluation)'
    )
  check_log(config.log)


def check_rows(config: Any) -> None:
  """Raises `InputError` if a run reads too many rows to count them."""
  if config.steps * config.batch_size >= 2**31:
    raise InputError(
      f'config.steps={config.steps} times config.batch_size='
      f'{config.batch_size} must be less than 2**31; take fewer steps'
    )


def check_log(name: Any) -> None:
  """Checks `config.log`; the file of a dotted path is not imported.

  Raises:
    InputError: if no file of `records.logs` has this name, or the package that
      it needs is not installed.
  """
  if not isinstance(name, str):
    raise InputError(
      f"config.log is {name!r}; it must be a name, such as 'tensorboard', or "
      "'' for none"
    )
  if name and '.' not in name:
    plugins.find(LOGS, name, 'make')()


def _check_augment(name: Any) -> None:
  if name not in AUGMENTS:
    raise InputError(
      f'config.augment is {name!r}; {nearest(str(name), AUGMENTS)}'
    )


def _check_epochs(epochs: Any) -> None:
  number = isinstance(epochs, int | float) and not isinstance(epochs, bool)
  if not (number and 0 <= epochs < 2**31):
    raise InputError(
      f'config.epochs is {epochs!r}; it must be a number of passes over the '
      'training rows, or 0 to train for config.steps'
    )


def _check_accumulate(parts: Any, batch_size: int) -> None:
  _check_whole('accumulate', parts, 1, '1 computes a batch at once')
  if batch_size % parts:
    near = [n for n in range(1, batch_size + 1) if batch_size % n == 0]
    near.sort(key=lambda n: abs(n - parts))
    raise InputError(
      f'config.accumulate={parts} does not divide config.batch_size='
      f'{batch_size}; take {" or ".join(map(str, sorted(near[:2])))}'
    )


def _check_whole(key: str, value: Any, least: int, meaning: str) -> None:
  if type(value) is not int or value < least:
    raise InputError(
      f'config.{key} is {value!r}; it must be a whole number of at least '
      f'{least}; {meaning}'
    )
