"""What was inferred from a user's table, shown before anything is trained."""

import pathlib
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from mtl_jax.data import several, table
from mtl_jax.data.frames import describe
from mtl_jax.plugins import sections

# Data sets of the user's files: what reads them, and the field with the files.
TABLES = {'table': (table.read, 'path'), 'several': (several.read, 'tables')}


# What has been shown in this process.
_shown: weakref.WeakSet = weakref.WeakSet()


def lines(config: Any, load: Callable | None) -> list[str]:
  """Describes the data of an experiment.

  Args:
    config: a whole one.
    load: the data set, if it is in memory; None for that of the config.

  Returns:
    Lines in Markdown; none for data that are no user's table.
  """
  table = _table(config, load)
  return [] if table is None else table.describe()


def _table(config: Any, load: Callable | None) -> Any:
  """The user's table of an experiment, a `DataSet`; None without one."""
  if load is None and config.dataset in TABLES:
    fields = dict(sections.section(config, 'dataset'))
    read, key = TABLES[config.dataset]
    return read(fields.pop(key), fields)
  return load if hasattr(load, 'describe') else None


def show(config: Any, load: Callable | None) -> None:
  """Prints the lines, above the table that training makes.

  Nothing is printed of a table that a call before has described, or where
  `config.verbose` is 0.

  Args:
    config: as in `lines`.
    load: as in `lines`.
  """
  table = _table(config, load)
  if table is None or table in _shown or not config.verbose:
    return
  _shown.add(table)
  print('\n'.join(table.describe()), end='\n\n', flush=True)


def write(text: Sequence[str], folder: pathlib.Path) -> None:
  """Writes the lines into data.md of a workdir."""
  if text:
    describe.write(text, folder)
