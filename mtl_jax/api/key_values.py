"""Values for keys of a config, as Python callers write them."""

import os
from typing import Any

from ml_collections import ConfigDict

from mtl_jax.errors import InputError


def put(config: ConfigDict, dotted: str, value: Any) -> None:
  """Sets a key that exists.

  Args:
    config: it is changed in place.
    dotted: the key, such as `hp.lr`.
    value: the value; see `like`.

  Raises:
    InputError: if the value has another type than the one it replaces.
  """
  *sections, key = dotted.split('.')
  part = config
  for name in sections:
    part = part[name]
  before = part[key]
  if value is None and before is not None:  # ml_collections would take it
    raise InputError(f'config.{dotted} is None; give a value like {before!r}')
  try:
    part[key] = like(before, value)
  except TypeError as error:
    raise InputError(
      f'config.{dotted} is {value!r}; it must be a '
      f'{type(before).__name__}, such as {before!r}'
    ) from error


def like(before: Any, value: Any) -> Any:
  """Returns a value in the types of the one that it replaces.

  Args:
    before: the value of the config.
    value: where `before` is a tuple, a list is taken as a tuple and any other
      value as a tuple of it; numbers of numpy become those of Python, and
      paths text.
  """
  plain = _plain(value)
  if isinstance(before, tuple) and not isinstance(plain, tuple):
    return (plain,)
  return plain


def _plain(value: Any) -> Any:
  if isinstance(value, list | tuple):
    return tuple(map(_plain, value))
  if isinstance(value, os.PathLike):
    return os.fspath(value)
  # Numbers and arrays of numpy, without an import of it.
  made = getattr(value, 'tolist', None)
  return _plain(made()) if made else value
