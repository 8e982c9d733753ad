"""What was inferred from a user's table, shown before anything is trained."""

import pathlib
from collections.abc import Callable, Sequence
from typing import Any

from mtl_jax.data import several, table
from mtl_jax.data.frames import describe
from mtl_jax.plugins import sections

# Data sets of the user's files: what reads them, and the field with the files.
TABLES = {'table': (table.read, 'path'), 'several': (several.read, 'tables')}


def lines(config: Any, load: Callable | None) -> list[str]:
  """Describes the data of an experiment.

  Args:
    config: a whole one.
    load: the data set, if it is in memory; None for that of the config.

  Returns:
    Lines in Markdown; none for data that are no user's table.
  """
  if load is None and config.dataset in TABLES:
    fields = dict(sections.section(config, 'dataset'))
    read, key = TABLES[config.dataset]
    load = read(fields.pop(key), fields)
  return getattr(load, 'describe', list)()


def show(text: Sequence[str]) -> None:
  """Prints the lines, above the table that training makes."""
  if text:
    print('\n'.join(text), end='\n\n', flush=True)


def write(text: Sequence[str], folder: pathlib.Path) -> None:
  """Writes the lines into data.md of a workdir."""
  if text:
    describe.write(text, folder)
