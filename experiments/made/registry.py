"""The results of docs/results, as results.toml lists them."""

import pathlib
import tomllib
from collections.abc import Sequence
from typing import NamedTuple

from mtl_jax.errors import InputError, nearest

OUT = 'out/results'  # the folder of workdirs
HEAD = '| folder | what | command |\n| :-- | :-- | :-- |\n'


class Result(NamedTuple):
  """One page and its figures, or a few files.

  Attributes:
    name: of its folder and of its workdir.
    what: it shows, for the table of README.md.
    commands: that make it, in order; `{out}` is the folder of workdirs.
    files: of the folder, which are copied from the workdir.
    page: to read first, one of its files.
    folder: False where its commands write `files` into docs/results themselves.
    needs: names of results whose workdirs its commands read.
    seconds: an estimate of the time that it takes, None where nobody knows.
  """

  name: str
  what: str
  commands: tuple[str, ...]
  files: tuple[str, ...]
  page: str = ''
  folder: bool = True
  needs: tuple[str, ...] = ()
  seconds: float | None = None

  @property
  def record(self) -> str:
    """The path of its record of how it was made, in docs/results."""
    return f'{self.name}/made.json' if self.folder else f'{self.name}.made.json'


def load(folder: pathlib.Path) -> list[Result]:
  """Reads `results.toml`.

  Args:
    folder: docs/results.

  Raises:
    InputError: it is missing or a result in it is not complete.
  """
  path = folder / 'results.toml'
  try:
    listed = tomllib.loads(path.read_text('utf-8')).get('result', [])
    results = [Result(**one) for one in listed]
  except FileNotFoundError as error:
    raise InputError(f'no file {path}; run in a checkout') from error
  except (TypeError, tomllib.TOMLDecodeError) as error:
    raise InputError(f'{path}: {error}') from error
  names = [result.name for result in results]
  for result in results:
    if names.count(result.name) > 1:
      raise InputError(f'{path}: two results are called {result.name!r}')
    choose(results, result.needs)
  return results


def choose(results: Sequence[Result], names: Sequence[str]) -> list[Result]:
  """Returns the results of some names.

  Args:
    results: all of them.
    names: some of theirs.

  Raises:
    InputError: there is no result of a name; it says which is nearest.
  """
  by_name = {result.name: result for result in results}
  for name in names:
    if name not in by_name:
      raise InputError(f'no result {name!r}; {nearest(name, by_name)}')
  return [by_name[name] for name in names]


def table(results: Sequence[Result], folder: pathlib.Path) -> str:
  """Returns the table of README.md.

  Args:
    results: all, in the order of the rows.
    folder: docs/results; a page that is not there yet gets no link.
  """
  return HEAD + ''.join(_row(result, folder) for result in results)


def _row(result: Result, folder: pathlib.Path) -> str:
  if result.folder:
    paths = {result.name: f'{result.name}/{result.page}'}
  else:
    paths = {file: file for file in result.files}
  links = ', '.join(
    f'[{name}]({path})' if (folder / path).exists() else f'{name}, not yet made'
    for name, path in paths.items()
  )
  typed = ', '.join(f'`{c.format(out=OUT)}`' for c in result.commands)
  return f'| {links} | {result.what} | {typed} |\n'


def with_table(results: Sequence[Result], folder: pathlib.Path) -> str:
  """Returns the text of README.md with the table in place of the one in it.

  Args:
    results: all.
    folder: docs/results.
  """
  text = (folder / 'README.md').read_text('utf-8')
  before, _, rest = text.partition(HEAD)
  lines = rest.splitlines(keepends=True)
  after = [line for line in lines if not line.startswith('|')]
  return before + table(results, folder) + ''.join(after)
