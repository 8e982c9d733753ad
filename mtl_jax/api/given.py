"""What a caller of Python gives: data, keys of the config, a folder."""

import copy
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ml_collections import ConfigDict

from mtl_jax import plugins
from mtl_jax.api import configured
from mtl_jax.api.experiment import Experiment
from mtl_jax.data.base import Data
from mtl_jax.errors import InputError
from mtl_jax.launchers import base
from mtl_jax.plugins import checks


class Given(NamedTuple):
  """The arguments that all questions have in common.

  Attributes:
    data: a `DataSet`, a `Data`, the name of a data set, the path of a
      configuration file, or a config.
    seeds: number of them; None for that of the config.
    workdir: a folder; None for that of `workdirs.of`.
    changes: keys of the config and their values.
  """

  data: Any
  seeds: int | None
  workdir: str | pathlib.Path | None
  changes: Mapping[str, Any]


def experiment(given: Given, question: str, **arguments: Any) -> Experiment:
  """Makes the experiment of a call; nothing is loaded.

  Args:
    given: the arguments of the call.
    question: name of the function.
    **arguments: its other arguments, for the page.

  Raises:
    InputError: if the data are of another kind, or a key or value is wrong.
  """
  config, load = _configured(given.data)
  changes = dict(given.changes)
  if given.seeds is not None:
    changes['seeds'] = given.seeds
  # Names of the user's files, which have sections of their own.
  files = [n for a in arguments.values() if _is_named(a) for n in named(a, '')]
  configured.put(config, changes, files)
  checks.check(config)
  make = plugins.find('mtl_jax.launchers', 'local', 'make')
  return Experiment(
    config,
    make(base.Resources()),
    None if given.workdir is None else pathlib.Path(given.workdir),
    _typed(question, given.data, {**arguments, **changes}),
    load,
  )


def named(names: str | Sequence[str] | None, default: str) -> list[str]:
  """Returns names as a list.

  Args:
    names: one name, several, or None for the default.
    default: that of the config.
  """
  if names is None:
    return [default]
  return [names] if isinstance(names, str) else [*names]


def _configured(data: Any) -> tuple[ConfigDict, Callable[..., Data] | None]:
  """The config of some data, and what loads them if it is not the config."""
  if isinstance(data, ConfigDict):
    return copy.deepcopy(data).lock(), None
  if isinstance(data, str | pathlib.Path):
    return configured.read(str(data)).lock(), None
  config = configured.read('table')
  if isinstance(data, Data):
    config.resplit = False
    return config.lock(), lambda split_seed=None: data
  if callable(data) and hasattr(data, 'tasks'):
    return config.lock(), data
  raise InputError(
    f'data is a {type(data).__name__}; give mtl_jax.frame(table, tasks=[...]), '
    'mtl_jax.arrays(...), the name of a data set, or the path of a '
    'configuration file'
  )


def _is_named(argument: Any) -> bool:
  return isinstance(argument, str | list | tuple)


def _typed(question: str, data: Any, arguments: Mapping[str, Any]) -> str:
  """The call as text."""
  of = repr(data) if isinstance(data, str) else _name(data)
  others = [f'{k}={v!r}' for k, v in arguments.items() if v is not None]
  return f'mtl_jax.{question}({", ".join([of, *others])})'


def _name(data: Any) -> str:
  if isinstance(data, ConfigDict):
    return f'<config of {data.dataset}>'
  if isinstance(data, Data):
    return f'<{data.card.name}>'
  return f'<{getattr(data, "name", data)}>'
