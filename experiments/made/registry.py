"""The results of docs/results, as results.toml lists them."""

import pathlib
import tomllib
from collections.abc import Sequence
from typing import NamedTuple

from mtl_jax.errors import InputError, nearest

OUT = 'out/results'  # the folder of workdirs
# The parts of README.md, in order; results without a group are last.
GROUPS = {
  'claims': 'Do the claims of a tutorial hold?',
  'brings': 'What does sharing bring?',
  'costs': 'What does it cost?',
  'choice': 'Which scheme, which balancer?',
  'published': 'Published against ours',
  'measures': 'Measures of interference',
  'statistics': 'Can the verdicts be trusted?',
  'speed': 'How fast is it?',
  '': 'Others',
}


class Result(NamedTuple):
  """One page and its figures, or a few files.

  Attributes:
    name: of its folder and of its workdir.
    what: it shows, in a few words.
    commands: that make it, in order; `{out}` is the folder of workdirs.
    files: of the folder, which are copied from the workdir.
    page: to read first, one of its files.
    folder: False where its commands write `files` into docs/results themselves.
    needs: names of results whose workdirs its commands read.
    reads: names of results whose files here its commands read, in `{out}/NAME`.
    seconds: an estimate of the time that it takes, None where nobody knows.
    question: that it answers, for README.md; '' is `what`.
    group: a key of `GROUPS`.
    answer: the words with which the answer begins on the page; '' for the rule
      of its kind of page, see `answering`.
    picture: one of its files; '' for the first figure among them.
  """

  name: str
  what: str
  commands: tuple[str, ...]
  files: tuple[str, ...]
  page: str = ''
  folder: bool = True
  needs: tuple[str, ...] = ()
  reads: tuple[str, ...] = ()
  seconds: float | None = None
  question: str = ''
  group: str = ''
  answer: str = ''
  picture: str = ''

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
    choose(results, (*result.needs, *result.reads))
    if result.group not in GROUPS:
      raise InputError(
        f'{path}: {result.name} has no group {result.group!r}; '
        f'{nearest(result.group, [name for name in GROUPS if name])}'
      )
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
