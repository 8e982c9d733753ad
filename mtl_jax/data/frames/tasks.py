"""Words that name tasks: 'outcome:binary', 'time+event:survival'."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mtl_jax.errors import InputError, nearest

# The files of `mtl_jax.tasks`, which imports JAX; a test compares them.
KINDS = (
  *('binary', 'count', 'multiclass', 'ordinal', 'regression', 'survival'),
)
CLASSES = ('binary', 'multiclass', 'ordinal')
EXAMPLE = "'outcome:binary'"

_WORD = re.compile(r'(?P<columns>.+):(?P<kind>[^:()]+)(\((?P<detail>.*)\))?')


class Outcome(NamedTuple):
  """One task of a table.

  Attributes:
    name: name of the task, as it was written before the colon.
    kind: kind of the task, or a dotted path.
    columns: its column; for survival those of the time and of the event.
    detail: what stands in brackets: the order of the classes, lowest first, or
      the unit of a regression.
    classes: names of the classes in the order of their numbers; () for kinds
      without classes.
  """

  name: str
  kind: str
  columns: tuple[str, ...]
  detail: tuple[str, ...] = ()
  classes: tuple[str, ...] = ()

  @property
  def unit(self) -> str:
    """Unit of a regression, '' if it was not given."""
    return self.detail[0] if self.kind == 'regression' and self.detail else ''


def parse(words: Sequence[str], columns: Iterable[str]) -> tuple[Outcome, ...]:
  """Parses the words of all tasks.

  Args:
    words: such as 'score:regression(points)', 'time+event:survival' or
      'grade:ordinal(low, medium, high)'.
    columns: names of the columns of the table.

  Returns:
    The tasks, in order.

  Raises:
    InputError: if there is none, a word has another form, a kind or a column is
      unknown, or a task is named twice.
  """
  words = (words,) if isinstance(words, str) else tuple(words)
  if not words:
    raise InputError(
      f'tasks: name at least one, as in {EXAMPLE}; kinds: {", ".join(KINDS)}'
    )
  outcomes = tuple(_parsed(word, list(columns)) for word in words)
  names = [outcome.name for outcome in outcomes]
  for name in names:
    if names.count(name) > 1:
      raise InputError(f'tasks: {name!r} is named twice; name it once')
  return outcomes


def _parsed(word: str, columns: list[str]) -> Outcome:
  found = _WORD.fullmatch(word) if isinstance(word, str) else None
  if not found:
    raise InputError(
      f'task {word!r} has no kind; write column:kind, as in {EXAMPLE}; kinds: '
      f'{", ".join(KINDS)}'
    )
  name, kind = found['columns'].strip(), found['kind'].strip()
  if kind not in KINDS and '.' not in kind:
    raise InputError(
      f'task {word!r}: unknown kind {kind!r}; {nearest(kind, KINDS)}'
    )
  own = tuple(name.split('+', 1)) if kind == 'survival' else (name,)
  if kind == 'survival' and len(own) < 2:
    raise InputError(
      f'task {word!r}: survival takes a time and an event; write '
      "'time+event:survival'"
    )
  for column in own:
    if column not in columns:
      raise InputError(
        f'task {word!r}: no column {column!r}; {nearest(column, columns)}'
      )
  detail = [part.strip() for part in (found['detail'] or '').split(',')]
  return Outcome(name, kind, own, tuple(filter(None, detail)))


def check_names(outcomes: Sequence[Outcome]) -> None:
  """Checks that no two columns of predictions will have one name.

  Args:
    outcomes: the tasks, with their classes.

  Raises:
    InputError: if they do.
  """
  of_column = {}
  for outcome in outcomes:
    for column in _predicted(outcome):
      other = of_column.setdefault(column, outcome.name)
      if other != outcome.name:
        raise InputError(
          f'tasks {other!r} and {outcome.name!r} would both have a column of '
          f'predictions called {column!r}; rename the column {outcome.name!r}'
        )


def _predicted(outcome: Outcome) -> list[str]:
  """Names of columns of predictions, each with its spread over seeds."""
  names = [f'{outcome.name}={name}' for name in outcome.classes]
  names = names or [outcome.name]
  return [*names, *(f'{name}_sd' for name in names)]
