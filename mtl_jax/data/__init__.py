"""Data sets, chosen by file name: `load('actg175', split_seed=0)`."""

import importlib
import inspect
import pkgutil
from types import ModuleType

from mtl_jax.errors import InputError, nearest

_HELPERS = {'base', 'columns', 'files', 'splits', 'store', 'text'}


def names() -> tuple[str, ...]:
  """Every data set of this package, by the name of its file."""
  modules = (module.name for module in pkgutil.iter_modules(__path__))
  return tuple(sorted(set(modules) - _HELPERS))


def load(name: str, /, **fields):
  """The `base.Data` of a data set. Raises `InputError` for an unknown field.

  A name with a dot is imported as it stands, so that a data set of one's own
  is a file anywhere with a function `load`.
  """
  make = module(name).load
  valid = inspect.signature(make).parameters
  for field in fields:
    if field not in valid:
      raise InputError(
        f'data set {name!r} has no field {field!r}; {nearest(field, valid)}'
      )
  return make(**fields)


def module(name: str) -> ModuleType:
  """The module of a data set; raises `InputError` where there is none."""
  if '.' not in name and name not in names():
    raise InputError(f'no data set {name!r}; {nearest(name, names())}')
  path = name if '.' in name else f'{__name__}.{name}'
  try:
    found = importlib.import_module(path)
  except ModuleNotFoundError as error:
    raise InputError(f'cannot import data set {name!r}: {error}') from error
  if not hasattr(found, 'load'):
    raise InputError(f'{path} has no function load(**fields) -> Data')
  return found
