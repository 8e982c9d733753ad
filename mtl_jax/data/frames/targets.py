"""Labels of the tasks of a table, encoded as the kinds of tasks expect."""

import numpy as np
import pandas as pd
from jaxtyping import Bool, Shaped

from mtl_jax.data.frames import kinds, tasks, values
from mtl_jax.data.frames.tasks import Outcome
from mtl_jax.errors import InputError, nearest

Labels = tuple[Shaped[np.ndarray, 'rows ...'], Bool[np.ndarray, 'rows']]


def completed(frame: pd.DataFrame, outcome: Outcome) -> Outcome:
  """Checks the labels of a task in the whole table and finds its classes.

  Args:
    frame: the table.
    outcome: the task.

  Returns:
    The task with the names of its classes.

  Raises:
    InputError: if no label is known, all are equal, or one does not suit the
      kind; the message names task, row and value.
  """
  where = f'task {outcome.name!r} ({outcome.kind})'
  series = frame[outcome.columns[0]]
  known = ~values.missing(series)
  for name in outcome.columns:
    kinds.check_type(frame[name].dropna())
  if not known.any():
    raise InputError(
      f'{where}: column {series.name!r} has no known label; leave the task out'
    )
  if outcome.kind in tasks.CLASSES:
    found = values.ordered(list(set(values.words(series[known]).tolist())))
    outcome = outcome._replace(classes=_classes(outcome, found, where))
  labels, known = encode(frame, outcome)
  # Of survival the times: rows of one time have no order.
  own = labels[known, 0] if outcome.kind == 'survival' else labels[known]
  if len(own) and len(np.unique(own, axis=0)) < 2:
    raise InputError(
      f'{where}: all {known.sum()} known labels are '
      f'{values.words(series[known])[0]}; leave the task out'
    )
  _check_rare(outcome, labels[known], where)
  return outcome


def _check_rare(outcome: Outcome, own: np.ndarray, where: str) -> None:
  """Each of three splits needs both classes, or an event and a censored row."""
  if outcome.kind not in ('binary', 'survival'):
    return
  either = own[:, 1] if outcome.kind == 'survival' else own
  sizes = [int((either == value).sum()) for value in (0, 1)]
  if min(sizes) < 3:
    what = outcome.classes or ('censored', 'event')
    raise InputError(
      f'{where}: {what[np.argmin(sizes)]!r} has {min(sizes)} of {len(own)} '
      'labels; training, validation and test need one each; leave the task out'
    )


def _classes(outcome: Outcome, found: list[str], where: str) -> tuple[str, ...]:
  if outcome.kind == 'binary' and len(found) > 2:
    raise InputError(
      f'{where}: the column holds {len(found)} values ({_listed(found)}), and '
      f"a binary task has two; say '{outcome.name}:multiclass'"
    )
  if outcome.detail:
    unknown = [name for name in found if name not in outcome.detail]
    if unknown:
      raise InputError(
        f'{where}: the order ({", ".join(outcome.detail)}) lacks {unknown[0]!r}'
      )
    return outcome.detail
  if outcome.kind == 'ordinal' and not all(map(_is_number, found)):
    raise InputError(
      f'{where}: the order of the classes {_listed(found)} is not known; write '
      f"'{outcome.name}:ordinal(lowest, ..., highest)'"
    )
  if outcome.kind == 'multiclass' and len(found) > 1000:
    raise InputError(
      f'{where}: the column holds {len(found)} values ({_listed(found)}); is '
      f"it '{outcome.name}:regression'?"
    )
  return tuple(found)


def _listed(found: list[str]) -> str:
  return ', '.join(found[:4]) + (', ...' if len(found) > 4 else '')


def _is_number(word: str) -> bool:
  try:
    return bool(np.isfinite(float(word)))
  except ValueError:
    return False


def encode(frame: pd.DataFrame, outcome: Outcome) -> Labels:
  """Encodes the labels of one task; regressions keep their own unit.

  Args:
    frame: rows with the columns of the task.
    outcome: the task, with its classes.

  Returns:
    Labels `[N]`, or `[N, 2]` for survival, 0 where they are missing; and a mask
    of known ones.

  Raises:
    InputError: if a label does not suit the kind, or is a class that the table
      did not have.
  """
  if outcome.kind in tasks.CLASSES:
    return _of_classes(frame[outcome.columns[0]], outcome)
  if outcome.kind == 'survival':
    return _survival(frame, outcome)
  series = frame[outcome.columns[0]]
  labels = values.numbers(series, _where(outcome, series))
  if outcome.kind == 'count':
    bad = (labels < 0) | (np.isfinite(labels) & (labels != np.floor(labels)))
    rule = f'{_where(outcome, series)} holds whole numbers, 0 or more'
    values.refuse(bad, series, rule, 'correct it, or say regression')
  known = np.isfinite(labels)
  # Float64, because a mean is subtracted before they become float32.
  return np.where(known, labels, 0), known


def _where(outcome: Outcome, series: pd.Series) -> str:
  return f'task {outcome.name!r} ({outcome.kind}): column {series.name!r}'


def _of_classes(series: pd.Series, outcome: Outcome) -> Labels:
  number = {name: i for i, name in enumerate(outcome.classes)}
  found = values.words(series)
  labels = np.array([number.get(word, -1) for word in found], np.int32)
  bad = (labels < 0) & (found != '')
  if bad.any():
    near = nearest(found[bad][0], outcome.classes)
    rule = f'{_where(outcome, series)} holds the classes of training'
    values.refuse(bad, series, rule, near)
  return np.maximum(labels, 0), labels >= 0


def _survival(frame: pd.DataFrame, outcome: Outcome) -> Labels:
  time, event = (frame[name] for name in outcome.columns)
  times = values.numbers(time, _where(outcome, time))
  rule = f'{_where(outcome, time)} holds times, 0 or more'
  values.refuse(times < 0, time, rule, 'correct it, or leave it blank')
  events = _events(event, outcome)
  known = np.isfinite(times) & np.isfinite(events)
  both = np.stack([times, events], axis=1).astype(np.float32)
  return np.where(known[:, None], both, np.float32(0)), known


def _events(series: pd.Series, outcome: Outcome) -> np.ndarray:
  """Returns 1 for an event, 0 if censored, NaN where missing."""
  found = np.array([word.lower() for word in values.words(series)], object)
  code = {'': np.nan}
  for no, yes in values.PAIRS:
    code |= {no: 0.0, yes: 1.0}
  events = np.array([code.get(word, -1) for word in found], np.float64)
  rule = f'{_where(outcome, series)} is 1 for an event, 0 for a censored row'
  values.refuse(events < 0, series, rule, 'correct it, or leave it blank')
  return events
