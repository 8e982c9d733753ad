"""Things are chosen by the name of their file; users add theirs by path."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import Any

from mtl_jax.errors import InputError, nearest


def names(package: str) -> list[str]:
  """The files of a package that can be chosen: not `base`, nor its HELPERS."""
  module = importlib.import_module(package)
  helpers = {'base', *getattr(module, 'HELPERS', ())}
  found = {file.name for file in pkgutil.iter_modules(module.__path__)}
  return sorted(found - helpers)


def find(package: str, name: str, attribute: str) -> Any:
  """`attribute` of the file `package.name`, or of the dotted path `name`.

  Raises:
    InputError: no such file, or it has no such attribute.
  """
  check_name(package, name)
  kind = package.rsplit('.', 1)[-1]
  path = name if '.' in name else f'{package}.{name}'
  found = _imported(kind, path)
  if not hasattr(found, attribute):
    raise InputError(f'{path} has no {attribute}, which {kind} are made by')
  return getattr(found, attribute)


def check_name(package: str, name: str) -> None:
  """Raises `InputError` for an unknown file; a dotted path is left to `find`.

  Imports no file: their names are enough.
  """
  if '.' not in name and name not in names(package):
    kind = package.rsplit('.', 1)[-1]
    raise InputError(
      f'unknown name {name!r} in {kind}: {nearest(name, names(package))}'
    )


def _imported(kind: str, path: str) -> ModuleType:
  try:
    return importlib.import_module(path)
  except ModuleNotFoundError as error:
    if error.name and not f'{path}.'.startswith(f'{error.name}.'):
      raise  # The user's file is there; something that it imports is not.
    raise InputError(
      f'{kind}: no module {path!r} on the Python path; run from the folder '
      f'that holds it, or set PYTHONPATH ({error})'
    ) from error


def fields(make: Callable) -> dict[str, Any]:
  """The keyword fields that `make` takes, with their defaults."""
  parameters = inspect.signature(make).parameters.values()
  return {p.name: p.default for p in parameters if p.default is not p.empty}


def check_fields(where: str, given: dict, allowed: dict) -> None:
  """Raises `InputError` for a key of `given` that is no field."""
  for key in given:
    if key not in allowed:
      raise InputError(f'{where}: unknown key {key!r}; {nearest(key, allowed)}')
