"""Lines above the table: the answer, and how it was found."""

from collections.abc import Sequence

import pandas as pd

from mtl_jax.report import many, stats
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.compare import answer, counts
from mtl_jax.report.compare import hyperparameters as hps
from mtl_jax.report.compare.deltas import deltas, primary
from mtl_jax.report.results import Cell

BUDGET = ('steps', 'batch_size', 'evals')


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
    hps.tuning(cells),
    _budget(cells),
  ]


def _data(base: Cell) -> str:
  head, n = base.header, len(base.setting)
  scope = (
    ' Seeds on one split show training noise only, not what other rows would.'
    if head['split'] == 'fixed'
    else ''
  )
  return (
    f'{head["dataset"]}, encoder {head["encoder"]}: mean over {n} '
    f'{base.repeats} ({counts.of_splits(base)}) ± half the width of its 95 % '
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
    'notes name those that stand out, and config.primary names beforehand the '
    f'tasks that Δm counts.{shared}'
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
  """How parameters and settings were selected."""
  head = baseline(cells).header
  primary = head.get('primary') or []
  over = (
    f'the mean over {", ".join(primary)}'
    if primary
    else ('the mean over tasks')
  )
  rule = hps.rule(cells)
  chosen = f'{rule}; ' if rule else ''
  return (
    f'Parameters are those of the best validation score: {_score(head)}, '
    f'{over}; {_steps(cells)}; {chosen}the test split is read once.'
  )


def _score(head: dict) -> str:
  if head.get('select') == 'metric':
    return (
      "each task's error in its headline metric, 0 if perfect and 1 by chance "
      'or for a constant prediction'
    )
  return (
    "each task's loss over that of its best constant prediction on the "
    'training labels'
  )


def _steps(cells: Sequence[Cell]) -> str:
  """Whose steps are selected; schemes whose steps differ by task."""
  if baseline(cells).header.get('checkpoint_per') == 'task':
    return 'each task at the best step of its own, in joint models too'
  own = dict.fromkeys(cell.scheme for cell in cells if _own_steps(cell))
  named = f' ({", ".join(own)})' if own else ''
  return (
    'one step for the whole model, its own step per task where towers are '
    f'separate{named}'
  )


def _own_steps(cell: Cell) -> bool:
  # One step for the whole model is recorded as the same for every task.
  return any(len(set(run.best_step.values())) > 1 for run in cell.completed)
