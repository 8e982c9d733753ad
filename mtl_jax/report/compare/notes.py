"""Notes below the table: settings, failures, seeds without a value."""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mtl_jax.report import many, stats
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.compare import hyperparameters as hps
from mtl_jax.report.compare import made_alike, missing, weights
from mtl_jax.report.compare.deltas import deltas
from mtl_jax.report.results import Cell, settings

# A row whose seeds fail one by one would bury the other notes.
MOST_FAILURES = 4


def notes(
  cells: Sequence[Cell], frame: pd.DataFrame | None = None
) -> list[str]:
  """Returns the notes below the table: settings, failures, missing values.

  Args:
    cells: of the table.
    frame: from `rows.rows`; without it closed gates are not named.

  Returns:
    Lines of text, those of the trainings themselves last.

  Raises:
    InputError: the cells cannot be compared.
  """
  cells = ordered(cells)
  return [
    *_refusal(baseline(cells)),
    *made_alike.lines(cells),
    *(_behind_gates(frame) if frame is not None else []),
    *hps.differing(cells),
    *itertools.chain.from_iterable(own_notes(cell) for cell in cells),
    *_stopped(cells),
    *weights.lines(cells),
    *_pairs(cells),
    *missing.values(cells),
    *_said(cells),
  ]


def own_notes(cell: Cell) -> list[str]:
  """Returns notes on the selected setting and the failures of one cell."""
  chosen = hps.selected(cell)
  lines = [f'{cell.label}: {hps.choice(cell)}'] if chosen else []
  return lines + _failures(cell)


def _failures(cell: Cell) -> list[str]:
  several = len(settings(cell.runs)) > 1
  failed = [run for run in cell.runs if run.test is None]
  lines = [
    f'{cell.label}: seed {run.seed}'
    + (f' with {hps.setting(run)}' if several else '')
    + f' failed at step {run.step}: {run.why}'
    for run in failed[:MOST_FAILURES]
  ]
  if len(failed) > MOST_FAILURES:
    rest = len(failed) - MOST_FAILURES
    lines.append(f'{cell.label}: {rest} more of {len(cell.runs)} runs failed')
  return lines


def _stopped(cells: Sequence[Cell]) -> list[str]:
  """How many runs of each row `config.patience` has stopped, and when."""
  patience = baseline(cells).header['comparable'].get('patience', 0)
  if not patience:
    return []
  rows = []
  for cell in (cell for cell in cells if not cell.is_reference):
    steps = [run.stopped_step for run in cell.runs if run.stopped_step]
    when = f' (median step {np.median(steps):.0f})' if steps else ''
    rows.append(f'{cell.label} {len(steps)} of {len(cell.runs)}{when}')
  return [
    f'Runs that stopped early, after {patience} evaluations without a better '
    f'validation score: {many.some(rows)}'
  ]


def _refusal(base: Cell) -> list[str]:
  _, delta = deltas(base, base)
  return [f'Δm is not given: {delta.reason}'] if delta.reason else []


def _pairs(cells: Sequence[Cell]) -> list[str]:
  """Rows that are compared on fewer seeds than the baseline has."""
  base = {run.seed for run in baseline(cells).completed}
  shared = {c.label: base & {r.seed for r in c.completed} for c in cells}
  return [
    f'{label}: compared with single on {len(seeds)} common seeds'
    for label, seeds in shared.items()
    if len(seeds) < len(base)
  ]


def _behind_gates(frame: pd.DataFrame) -> list[str]:
  """Tasks that differ by their own interval, but whose gate is closed."""
  rows = frame.drop_duplicates(['scheme', 'balancer', 'task'])
  alone = rows[
    (rows['task'] != 'ALL')
    & (rows['p_value'] < stats.ALPHA)
    & ~rows['verdict'].isin([stats.BETTER, stats.WORSE])
  ]
  if alone.empty:
    return []
  names = []
  for (scheme, balancer), own in alone.groupby(
    ['scheme', 'balancer'], sort=False
  ):
    label = scheme if balancer in ('', 'equal') else f'{scheme} + {balancer}'
    up = (own['diff'] > 0) == own['higher_is_better']
    signs = [
      f'{task} {"gains" if better else "loses"}'
      for task, better in zip(own['task'], up, strict=True)
    ]
    names.append(f'{label}: {many.some(signs)}')
  return [
    'No verdict, but p < 0.05 if tested alone, as one in 20 tests of nothing '
    f'has: {"; ".join(names)}'
  ]


def _said(cells: Sequence[Cell]) -> list[str]:
  who: dict[str, list[str]] = {}
  for cell in cells:
    # The cell's name in front would keep equal notes of several rows apart.
    own = f'{cell.scheme}, {cell.header["balancer"]}: '
    for note in (note.removeprefix(own) for note in cell.notes):
      # A note that starts with the scheme's name needs no label, and neither
      # does one of all cells, which is about the table.
      named = note.startswith(cell.scheme)
      who.setdefault(note, []).extend([] if named else [cell.label])
  return [
    f'{", ".join(labels)}: {note}' if 0 < len(labels) < len(cells) else note
    for note, labels in who.items()
  ]
