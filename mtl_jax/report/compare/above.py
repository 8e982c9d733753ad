"""Lines above the table: the answer, and how it was found."""

from collections.abc import Sequence

import pandas as pd

from mtl_jax.report import many, stats, units
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.compare import answer, counts
from mtl_jax.report.compare import hyperparameters as hps
from mtl_jax.report.compare.deltas import deltas, primary
from mtl_jax.report.results import Cell

BUDGET = (
  *('steps', 'batch_size', 'sampling', 'class_weight', 'evals'),
  *('patience', 'accumulate', 'augment'),
)


def above(
  cells: Sequence[Cell], frame: pd.DataFrame | None = None
) -> list[str]:
  """Returns the lines above the table: the answer, then how it was found.

  Args:
    cells: of the table.
    frame: from `rows.rows`; without it there is no answer.

  Returns:
    Lines of text: answer, data, Delta_m, verdicts, tuning, budget.

  Raises:
    InputError: the cells cannot be compared.
  """
  cells = ordered(cells)
  answered = frame is not None
  return [
    *([answer.sentence(cells, frame)] if answered else []),
    *(answer.could_show(cells, frame) if answered else []),
    *basis(cells, frame),
  ]


def basis(
  cells: Sequence[Cell], frame: pd.DataFrame | None = None
) -> list[str]:
  """Returns the lines on how the answer was found: data, tests, budget.

  Args:
    cells: of the table.
    frame: from `rows.rows`, for the margin.
  """
  cells = ordered(cells)
  base = baseline(cells)
  return [
    _data(base),
    _meaning(base),
    ' '.join([_test(base, frame), *_gates(cells)]),
    *many.meaning(base.tasks),
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
    f'{base.repeats} ({counts.of_splits(base)}) ± half the 95 % t '
    f'interval.{scope}'
  )


def _meaning(base: Cell) -> str:
  counted = primary(base)
  over = 'mean over tasks'
  if len(counted) < len(base.tasks):
    names = ', '.join(task.name for task in counted)
    over = f'mean over the primary tasks alone ({names})'
  text = f'Δm: {over} of the relative gain over single in the headline metric'
  if scaled := _scaled(base):
    return (
      f'{text}, + is better. Errors of {many.some(scaled)} are in the unit of '
      'the label; Δm takes them in standard deviations of training labels.'
    )
  if any(task.kind == 'regression' for task in base.tasks):
    return (
      f'{text}, + is better; regression is in standard deviations of '
      'training labels that were standardised.'
    )
  return f'{text}, + is better.'


def _scaled(base: Cell) -> list[str]:
  """Tasks whose column is in the unit of their label."""
  # Columns that summarise many tasks cannot have the unit of each.
  if many.too_many(base.tasks):
    return []
  return [t.name for t in base.tasks if units.of(base, t.name, t.metrics[0][0])]


def _test(base: Cell, frame: pd.DataFrame | None) -> str:
  overlap = (
    ''
    if base.test_over_train is None
    else ', corrected like intervals for overlapping resplits (Nadeau and '
    'Bengio 2003)'
  )
  margin = stats.MARGIN
  if frame is not None:
    margin = frame[frame['metric'] == 'delta_m']['margin'].iloc[0] / 100
  return (
    '▲ better, ▼ worse than single, = equivalent (two one-sided tests, within '
    f'{100 * margin:.3g} %), else undecided: paired t-tests{overlap}, '
    'p < 0.05 over the table: at most 5 % of tables have a wrong ▲ or ▼, 5 % '
    'a wrong =.'
  )


def _gates(cells: Sequence[Cell]) -> list[str]:
  count = len(cells) - 1
  if not count:
    return []
  shared = f'; the {count} rows share the 5 % equally' * (count > 1)
  delta = deltas(baseline(cells), baseline(cells))[1]
  if delta.reason:
    return [
      'Δm is not given, so that tasks wait for no gate: Holm over the tasks of '
      f'a row, further metrics behind their task{shared}.'
    ]
  return [
    'Tasks are tested (Holm) only where their Δm is shown (for =: equivalent), '
    f'further metrics behind all of these{shared}. What cancels in Δm stays '
    'undecided (see notes, config.primary).'
  ]


def _budget(cells: Sequence[Cell]) -> str:
  known = baseline(cells).header['comparable']
  common = hps.common(cells).items()
  hp = {k: v for k, v in common if not hps.idle(k, v)}
  budget = {k: known[k] for k in BUDGET if k in known} | hp
  more = '; the rest in the notes' if any(hps.own_hp(cells)) else ''
  return (
    f'Budget: {hps.named(budget)}{more}. Balancer equal where none is named. '
    f'{_selection(cells)} Steps/s: all runs; seconds: with compilation.'
  )


def _selection(cells: Sequence[Cell]) -> str:
  """How parameters and settings were selected."""
  head = baseline(cells).header
  rule = hps.rule(cells)
  chosen = f'{rule}; ' if rule else ''
  return (
    f'Kept parameters: best validation score ({_score(head)}{_over(head)}), '
    f'{_steps(cells)}; {chosen}test is read once.'
  )


def _score(head: dict) -> str:
  if head.get('select') == 'metric':
    return 'error in the headline metric over that by chance or of a constant'
  return 'loss over that of the best constant on training labels'


def _over(head: dict) -> str:
  """What the score of a joint model is a mean of."""
  # Then no mean over tasks chooses a step.
  if head.get('checkpoint_per') == 'task':
    return ''
  names = ', '.join(head.get('primary') or [])
  return f', mean over {names or "tasks"}'


def _steps(cells: Sequence[Cell]) -> str:
  """Whose steps are selected; schemes whose steps differ by task."""
  if baseline(cells).header.get('checkpoint_per') == 'task':
    return 'each task at its own best step, in joint models too'
  own = dict.fromkeys(cell.scheme for cell in cells if _own_steps(cell))
  named = f' ({", ".join(own)})' if own else ''
  return f'one step per model, per task where towers are separate{named}'


def _own_steps(cell: Cell) -> bool:
  # One step for the whole model is recorded as the same for every task.
  return any(len(set(run.best_step.values())) > 1 for run in cell.completed)
