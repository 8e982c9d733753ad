"""Chooses files by name: those of this package, or the user's by path."""

import importlib
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from mtl_jax.errors import InputError, nearest, raised


def names(package: str) -> list[str]:
  """Returns the names that can be chosen in a package, sorted.

  These are the modules of the package except `base` and those in `HELPERS`.
  """
  module = importlib.import_module(package)
  helpers = {'base', *getattr(module, 'HELPERS', ())}
  modules = {file.name for file in pkgutil.iter_modules(module.__path__)}
  return sorted(modules - helpers)


def find(package: str, name: str, attribute: str) -> Any:
  """Imports a chosen file and returns one of its attributes.

  Args:
    package: package of the files of this kind, such as 'mtl_jax.schemes'.
    name: module in the package, such as 'hard', or the dotted path of a module
      of the user's.
    attribute: name of what the module must define, such as 'make'.

  Returns:
    The attribute.

  Raises:
    InputError: if there is no such module, it cannot be imported, or it lacks
      the attribute.
  """
  check_name(package, name)
  kind = package.rsplit('.', 1)[-1]
  path = name if '.' in name else f'{package}.{name}'
  module = _imported(kind, path)
  if not hasattr(module, attribute):
    raise InputError(
      f'{path} has no {attribute}; every module of {kind} must define it'
    )
  found = getattr(module, attribute)
  if not callable(found):
    raise InputError(
      f'{path}: {attribute} is {type(found).__name__} {found!r:.40}; it must '
      'be a class or a function'
    )
  return found


def check_name(package: str, name: str) -> None:
  """Checks a name without importing the file that it names.

  Of a dotted path only the first package is looked for; `find` does the rest.

  Args:
    package: package of the files of this kind.
    name: name to check.

  Raises:
    InputError: if the package has no such file, or there is no such package.
  """
  if '.' in name:
    _check_path(package, name)
  elif name not in names(package):
    kind = package.rsplit('.', 1)[-1]
    raise InputError(
      f'unknown name {name!r} in {kind}: {nearest(name, names(package))}'
    )


def _check_path(package: str, name: str) -> None:
  top = name.partition('.')[0]
  try:
    found = top in sys.modules or importlib.util.find_spec(top)
  except (ImportError, ValueError):  # a name that no module can have
    found = None
  if not found:
    raise InputError(_no_module(package.rsplit('.', 1)[-1], name, top))


def _no_module(kind: str, path: str, lacking: str) -> str:
  return (
    f'{kind}: no module {path!r} on the Python path; run from the folder that '
    f'holds it, or set PYTHONPATH (No module named {lacking!r})'
  )


def _imported(kind: str, path: str) -> ModuleType:
  try:
    return importlib.import_module(path)
  except ModuleNotFoundError as error:
    if error.name and not f'{path}.'.startswith(f'{error.name}.'):
      # The module exists; one that it imports does not.
      raise InputError(
        f'{kind}: {path} imports {error.name!r}, which is not installed; '
        f'install it, or correct the file: {raised(error)}'
      ) from error
    raise InputError(_no_module(kind, path, error.name or path)) from error
  except InputError:
    raise
  # A file that ends the process would do so without a word.
  except (Exception, SystemExit) as error:
    raise InputError(
      f'{kind}: {path} cannot be imported: {raised(error)}; correct the file'
    ) from error


def fields(make: Callable) -> dict[str, Any]:
  """Returns the parameters of `make` that have a default, and the defaults."""
  parameters = inspect.signature(make).parameters.values()
  return {p.name: p.default for p in parameters if p.default is not p.empty}


def check_fields(where: str, given: dict, allowed: dict) -> None:
  """Checks that all keys of a section of a config are known.

  Args:
    where: name of the section, for the message.
    given: fields and their values.
    allowed: known fields.

  Raises:
    InputError: if a key is unknown.
  """
  for key in given:
    if key not in allowed:
      raise InputError(f'{where}: unknown key {key!r}; {nearest(key, allowed)}')
