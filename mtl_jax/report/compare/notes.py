"""Lines above and notes below the table: how it was made, and what failed."""

import itertools
from collections.abc import Sequence

import pandas as pd

from mtl_jax.report import many, stats
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.compare import answer, missing
from mtl_jax.report.compare import counts as units
from mtl_jax.report.compare import hyperparameters as hps
from mtl_jax.report.compare.deltas import deltas, primary
from mtl_jax.report.results import Cell, settings

BUDGET = ('steps', 'batch_size', 'evals')
# A row whose seeds fail one by one would bury the other notes.
MOST_FAILURES = 4


def above(
  cells: Sequence[Cell], frame: pd.DataFrame | None = None
) -> list[str]:
  """Returns the lines above the table: the answer, then how it was found.

  Args:
    cells: of the table.
    frame: from `rows.rows`; without it there is no answer.

  Returns:
    Lines of text: answer, data, verdicts, Delta_m, tuning, budget.

  Raises:
    InputError: the cells cannot be compared.
  """
  cells = ordered(cells)
  base = baseline(cells)
  answered = frame is not None
  return [
    *([answer.sentence(cells, frame)] if answered else []),
    _data(base),
    _test(base, frame),
    *([_gates(cells)] if len(cells) > 1 else []),
    *(answer.could_show(cells, frame) if answered else []),
    *many.meaning(base.tasks),
    _meaning(base),
    _tuning(cells),
    _budget(cells),
  ]


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
    *(_behind_gates(frame) if frame is not None else []),
    *hps.differing(cells),
    *itertools.chain.from_iterable(own_notes(cell) for cell in cells),
    *_pairs(cells),
    *missing.values(cells),
    *_said(cells),
  ]


def own_notes(cell: Cell) -> list[str]:
  """Returns notes on the selected setting and the failures of one cell."""
  tried = settings(cell.runs)
  lines = []
  if hps.selected(cell):
    scores = [r.score for r in cell.completed if r.score is not None]
    mean = sum(scores) / max(len(scores), 1)
    lines.append(
      f'{cell.label}: {hps.setting(cell.setting[0])} selected among '
      f'{len(tried)} settings (mean validation loss {mean:.4g})'
    )
  return lines + _failures(cell)


def _data(base: Cell) -> str:
  head, n = base.header, len(base.setting)
  scope = (
    ' Seeds on one split show training noise only, not what other rows would.'
    if head['split'] == 'fixed'
    else ''
  )
  return (
    f'{head["dataset"]}, encoder {head["encoder"]}: mean over {n} '
    f'{base.repeats} ({units.of_splits(base)}) ± half the width of its 95 % '
    f't interval{_corrected(base)}.{scope} Balancer equal where none is named.'
  )


def _corrected(base: Cell) -> str:
  return '' if base.test_over_train is None else ', corrected as the test is'


def _test(base: Cell, frame: pd.DataFrame | None) -> str:
  if base.test_over_train is None:
    test = 'paired t-test'
  else:
    test = (
      'resampled t-test corrected for the overlap of resplits (Nadeau and '
      'Bengio 2003)'
    )
  margin = stats.MARGIN
  if frame is not None:
    margin = frame[frame['metric'] == 'delta_m']['margin'].iloc[0] / 100
  return (
    f'▲ better, ▼ worse than single: {test}, paired by seed, p < 0.05. '
    f'= equivalent: two one-sided tests, p < 0.05, show a difference below '
    f'{100 * margin:.3g} % of single. Else undecided. Both are corrected over '
    'the table: at most 5 % of tables have a wrong ▲ or ▼, 5 % a wrong =.'
  )


def _gates(cells: Sequence[Cell]) -> str:
  count = len(cells) - 1
  shared = f' The {count} rows share the 5 % in equal parts.' * (count > 1)
  delta = deltas(baseline(cells), baseline(cells))[1]
  if delta.reason:
    return (
      'Δm is not given, so that tasks wait for no gate: Holm over the tasks of '
      f'a row, further metrics behind their task.{shared}'
    )
  return (
    'A gate: tasks of a row are judged only where its Δm is shown (for =: is '
    'equivalent), by Holm over its tasks, further metrics behind their task. '
    'Gains and losses of tasks that cancel in Δm therefore stay undecided; the '
    f'notes name those that stand out.{shared}'
  )


def _meaning(base: Cell) -> str:
  counted = primary(base)
  over = 'mean over tasks'
  if len(counted) < len(base.tasks):
    names = ', '.join(task.name for task in counted)
    over = f'mean over the primary tasks alone ({names})'
  text = (
    f"Δm: + is better; {over} of the relative gain over single in the task's "
    'headline metric.'
  )
  if any(task.kind == 'regression' for task in base.tasks):
    text += (
      ' Regression metrics are in standard deviations of the training '
      'labels where labels were standardised.'
    )
  return text


def _tuning(cells: Sequence[Cell]) -> str:
  """What was tuned for whom."""
  tuned = [cell.label for cell in cells if hps.selected(cell)]
  trained = [cell.label for cell in cells if cell.scheme != 'reference']
  rest = [label for label in trained if label not in tuned]
  as_given = (
    "at the config's own settings, which were not searched for each row: a "
    'row may do better at its own'
  )
  if not tuned:
    return f'Tuning: none here. All rows run {as_given}.'
  text = f'Tuning: on validation, among several settings: {many.some(tuned, 8)}'
  return f'{text}. Others run {as_given}.' if rest else f'{text}.'


def _budget(cells: Sequence[Cell]) -> str:
  known = baseline(cells).header['comparable']
  common = hps.common(cells).items()
  hp = {k: v for k, v in common if not hps.idle(k, v)}
  budget = {k: known[k] for k in BUDGET if k in known} | hp
  more = '; the rest in the notes' if any(hps.own_hp(cells)) else ''
  return (
    f'Budget: {hps.named(budget)}{more}. {_selection(cells)} Steps/s: all runs '
    'together; seconds: the whole row, with compilation.'
  )


def _selection(cells: Sequence[Cell]) -> str:
  """How parameters were selected; schemes whose steps differ by task."""
  own = dict.fromkeys(cell.scheme for cell in cells if _own_steps(cell))
  named = f' ({", ".join(own)})' if own else ''
  return (
    'Parameters are those of the lowest validation loss: one step for the '
    'whole model, its own step per task where towers are separate'
    f'{named}; settings are those of its lowest mean; the test split is read '
    'once.'
  )


def _own_steps(cell: Cell) -> bool:
  # One step for the whole model is recorded as the same for every task.
  return any(len(set(run.best_step.values())) > 1 for run in cell.completed)


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
    'Undecided, but outside its own 95 % interval, which is corrected for '
    'overlap and not for the number of tests (of tests of nothing one in 20 '
    f'does): {"; ".join(names)}'
  ]


def _said(cells: Sequence[Cell]) -> list[str]:
  who: dict[str, list[str]] = {}
  for cell in cells:
    for note in cell.notes:
      # A note that starts with the scheme's name needs no label, and neither
      # does one of all cells, which is about the table.
      named = note.startswith(cell.scheme)
      who.setdefault(note, []).extend([] if named else [cell.label])
  return [
    f'{", ".join(labels)}: {note}' if 0 < len(labels) < len(cells) else note
    for note, labels in who.items()
  ]
