"""What was inferred from a table, as lines that are shown before training."""

import pathlib
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from mtl_jax.data.frames import splitting, targets, values
from mtl_jax.data.frames.kinds import Column
from mtl_jax.data.frames.plan import Plan
from mtl_jax.data.frames.tasks import CLASSES, Outcome
from mtl_jax.records import atomic

FILE = 'data.md'  # in a workdir
_SHOWN = 6  # classes or names that are listed


def lines(
  name: str, frame: pd.DataFrame, plan: Plan, hints: Sequence[str]
) -> list[str]:
  """Describes a table.

  Args:
    name: name of the table.
    frame: the table.
    plan: what is done with its columns.
    hints: the warnings.

  Returns:
    Lines in Markdown.
  """
  count = len(plan.columns)
  inputs = f', {count} input {_plural("column", count)}' if count else ''
  return [
    f'# Data: {name}',
    '',
    f'{len(frame)} rows{inputs}, {len(plan.outcomes)} '
    f'{_plural("task", len(plan.outcomes))}.',
    '',
    '## Tasks',
    '',
    *(
      _task(frame, o, w)
      for o, w in zip(plan.outcomes, plan.weights, strict=True)
    ),
    '',
    f'Split: {rule(plan)}; {_sizes(frame, plan)}.',
    '',
    *_inputs(frame, plan),
    *_section('Left out', [f'{n}: {why}' for n, why in _dropped(plan)]),
    *_section('Warnings', hints),
  ]


def _plural(word: str, count: int) -> str:
  return word if count == 1 else f'{word}s'


def _section(title: str, items: Sequence[str]) -> list[str]:
  return ['', f'## {title}', '', *(f'- {i}' for i in items)] if items else []


def _task(frame: pd.DataFrame, outcome: Outcome, weights: str) -> str:
  found, known = targets.encode(frame, outcome)
  missing = len(known) - known.sum()
  parts = [outcome.kind, f'{known.sum()} labels']
  parts += [f'{missing} missing'] if missing else []
  parts.append(_values(outcome, found[known]))
  parts += [f'weights from {weights!r}'] if weights else []
  return f'- {outcome.name}: {", ".join(parts)}'


def _values(outcome: Outcome, own: np.ndarray) -> str:
  if outcome.kind in CLASSES:
    sizes = np.bincount(own, minlength=len(outcome.classes))
    pairs = [*zip(outcome.classes, sizes, strict=True)]
    return f'{_listed([f"{name} ({size})" for name, size in pairs])}'
  if outcome.kind == 'survival':
    return f'{own[:, 1].sum():.0f} events, last time {own[:, 0].max():g}'
  unit = f' {outcome.unit}' if outcome.unit else ''
  return (
    f'mean {own.mean():.4g}{unit}, sd {own.std():.4g}, {own.min():.4g} to '
    f'{own.max():.4g}'
  )


def _listed(names: Sequence[str]) -> str:
  more = len(names) - _SHOWN
  return ', '.join(names[:_SHOWN]) + (f', and {more} more' if more > 0 else '')


def rule(plan: Plan) -> str:
  """Says how the rows of a table are split."""
  asked = plan.asked
  parts = ':'.join(map(str, asked.parts))
  own = f'by {asked.group!r}, never cut' if asked.group else ''
  if asked.split:
    return ', '.join(filter(None, [f'column {asked.split!r}', own]))
  classed = [o.name for o in plan.outcomes if o.kind in (*CLASSES, 'survival')]
  by = f', stratified by {_listed(classed)}' if classed else ''
  return f'{parts} {own or "by row"}{by}'


def _sizes(frame: pd.DataFrame, plan: Plan) -> str:
  rows = splitting.of(frame, plan, None)
  names = ('training', 'validation', 'test')
  return ', '.join(
    f'{len(own)} {name}' for name, own in zip(names, rows, strict=True)
  )


def _inputs(frame: pd.DataFrame, plan: Plan) -> Iterator[str]:
  if plan.columns:
    yield from ('## Inputs', '', '| column | kind | missing | values |')
    yield '| :-- | :-- | --: | :-- |'
  for column in plan.columns:
    shown = _column(frame[column.name], column).replace('|', '/')
    yield f'| {column.name} | {column.kind} | {column.missing} | {shown} |'


def _column(series: pd.Series, column: Column) -> str:
  if column.kind == 'number':
    own = values.floats(series)
    own = own[np.isfinite(own)]
    return f'{own.min():.4g} to {own.max():.4g}, mean {own.mean():.4g}'
  if column.kind == 'date':
    known = series[~values.missing(series)].astype(str)
    return f'such as {known.iloc[0]}'
  if column.levels:
    sizes = pd.Series(values.words(series)).value_counts()
    found = [f'{level} ({sizes.get(level, 0)})' for level in column.levels]
    return _listed(found)
  return f'{column.distinct} different'


def _dropped(plan: Plan) -> Iterator[tuple[str, str]]:
  """Columns that are left out; those that were not named share one line."""
  rest = [name for name, why in plan.dropped if why == 'not named']
  yield from ((n, why) for n, why in plan.dropped if why != 'not named')
  if rest:
    yield _listed(rest), 'not among the inputs that were named'


def write(text: Sequence[str], folder: pathlib.Path) -> None:
  """Writes the lines into a workdir."""
  atomic.write(pathlib.Path(folder, FILE), '\n'.join(text) + '\n')
