"""Configurations by name or path, and values set in them; needs no JAX."""

import pathlib
import runpy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ml_collections import ConfigDict

from mtl_jax import data as datasets
from mtl_jax.api import key_values
from mtl_jax.errors import InputError, nearest, raised

# Sections with one part for each file of the user's that a config may name.
OPEN = ('datasets', 'encoders', 'schemes', 'balancers')


def installed() -> dict[str, pathlib.Path]:
  """Returns the configuration files of this package, by name."""
  from configs import default

  files = sorted(pathlib.Path(default.__file__).parent.glob('[!_]*.py'))
  return {file.stem: file for file in files}


def resolved(path: str) -> str:
  """Resolves the name or path of a configuration file.

  Args:
    path: such as my_config.py, configs/actg175.py or actg175.

  Returns:
    The path of a file of this package where there is none of that path here,
    and the argument as it is where there is none in the package either.

  Raises:
    InputError: if it is a file of another type, such as a table.
  """
  # A folder may be called as a configuration is: table, fair.
  if pathlib.Path(path).is_file():
    if pathlib.Path(path).suffix != '.py':
      raise InputError(
        f'{path} is no configuration, which is a .py file; a table is given as '
        f'--config=table --config.datasets.table.path={path}, or in Python as '
        f'mtl_jax.frame(mtl_jax.read({path!r}), tasks=[...])'
      )
    return path
  name = path.removeprefix('configs/').removesuffix('.py')
  return str(installed().get(name, path))


def read(given: str) -> ConfigDict:
  """Reads a configuration.

  Args:
    given: name or path of a configuration file, or the name of a data set,
      which is taken with the default configuration.

  Raises:
    InputError: if there is neither, or the file cannot be read.
  """
  path = resolved(given)
  if pathlib.Path(path).is_file():
    return _run(path)
  from configs import default

  if given not in datasets.names():
    known = {*datasets.names(), *installed()} - {'default'}
    raise InputError(
      f'no data set and no configuration file {given!r}; '
      f'{nearest(given, known)}'
    )
  config = default.get_config()
  config.dataset = given
  return config


def _run(path: str) -> ConfigDict:
  config = made(path)
  check_keys(config)
  return config


def made(path: str, *options: str) -> ConfigDict:
  """Returns what the `get_config` of a file makes.

  Args:
    path: of the file.
    *options: arguments of `get_config`.

  Raises:
    InputError: it cannot be run, has no `get_config`, or that makes no config.
  """
  try:
    make = runpy.run_path(path).get('get_config')
    if make is None:
      raise InputError(f'{path} has no get_config(); see configs/default.py')
    config = make(*options)
  except InputError:
    raise
  # Any code may stand there, and one that exits would do so without a word.
  except (Exception, SystemExit) as error:
    raise InputError(f'{path}: {raised(error)}; correct the file') from error
  if not isinstance(config, ConfigDict):
    raise InputError(
      f'{path}: get_config() returns a {type(config).__name__}; let it return '
      'the config of configs.default.get_config(), changed'
    )
  return config


def check_keys(config: ConfigDict) -> None:
  """Checks that a config file sets no unknown key.

  ml_collections locks the config only after `get_config` has returned, so a
  misspelt key in the file is not an error by itself.

  Args:
    config: the config.

  Raises:
    InputError: if it has a key that the default config has not, or lacks one.
  """
  from configs import default

  known = default.get_config()
  _check_given(config, known)
  for part, allowed in ((config, known), (config.hp, known.hp)):
    for key in part:
      if key not in allowed:
        raise InputError(
          f'config: unknown key {key!r}; {nearest(key, allowed)}'
        )


def _check_given(config: ConfigDict, known: ConfigDict, above='') -> None:
  """Raises `InputError` for a key that is missing or None."""
  for key, value in known.items():
    given = config.get(key)
    section = isinstance(value, ConfigDict)
    if given is None or section != isinstance(given, ConfigDict):
      raise InputError(
        f'config: {above + key!r} is missing or None; begin with '
        'config = configs.default.get_config(), and give values like '
        f'{"those there" if section else value!r}'
      )
    if section:
      _check_given(given, value, f'{above}{key}.')


def put(
  config: ConfigDict, changes: Mapping[str, Any], files: Sequence[str] = ()
) -> None:
  """Sets keys of a config.

  Args:
    config: it is changed in place.
    changes: values by key; a key may be dotted (`hp.lr`) and a value a
      dictionary. A single value stands for a tuple of it.
    files: schemes and balancers that will be chosen. Those of the user's, by
      their dotted paths, have sections that the config lacks.

  Raises:
    InputError: if a key is unknown or a value has another type.
  """
  # What names a file first: a section of the user's file may follow.
  flat = dict(_flat(changes))
  for key in sorted(flat, key=lambda key: ('.' in key, [*flat].index(key))):
    _put(config, key, flat[key], files)


def _flat(changes: Mapping[str, Any], above: str = '') -> Iterator:
  for key, value in changes.items():
    if isinstance(value, Mapping | ConfigDict):
      yield from _flat(dict(value.items()), f'{above}{key}.')
    else:
      yield f'{above}{key}', value


def _put(
  config: ConfigDict, dotted: str, value: Any, files: Sequence[str]
) -> None:
  *sections, key = dotted.split('.')
  part, where = config, 'config'
  for name in [*sections, key]:
    if not isinstance(part, ConfigDict):
      raise InputError(f'{where} is no section; {dotted!r} cannot be set')
    if name not in part:
      if not _is_of_user(config, sections, files):
        raise InputError(
          f'{where}: unknown key {name!r}; {nearest(name, part)}'
        )
      return _put_new(config, sections, key, value)
    part, where = part[name], f'{where}.{name}'
  if isinstance(part, ConfigDict):
    raise InputError(f'{where} is a section; set one of: {", ".join(part)}')
  key_values.put(config, dotted, value)
  return None


def _is_of_user(
  config: ConfigDict, sections: list[str], files: Sequence[str]
) -> bool:
  """Whether it is the section of a file that is named by its dotted path."""
  if len(sections) < 2 or sections[0] not in OPEN:
    return False
  chosen = [*files, config[sections[0].removesuffix('s')]]
  return any('.' in c and c.rpartition('.')[2] == sections[1] for c in chosen)


def _put_new(config: ConfigDict, sections: list[str], key: str, value) -> None:
  part = config
  with config.unlocked():
    for name in sections:
      if name not in part:
        part[name] = ConfigDict()
      part = part[name]
    part[key] = value
