"""Lines above and notes below the table: how it was made, and what failed."""

import itertools
from collections.abc import Sequence

from mtl_jax.report import many
from mtl_jax.report.agreement import baseline, ordered
from mtl_jax.report.compare import hyperparameters as hps
from mtl_jax.report.compare.rows import deltas
from mtl_jax.report.results import Cell, settings

BUDGET = ('steps', 'batch_size', 'evals')
# A row whose seeds fail one by one would bury the other notes.
MOST_FAILURES = 4


def above(cells: Sequence[Cell]) -> list[str]:
  """Returns the lines above the table: data, test, Delta_m and units, budget.

  Args:
    cells: of the table.

  Returns:
    Lines of text.

  Raises:
    InputError: the cells cannot be compared.
  """
  cells = ordered(cells)
  base = baseline(cells)
  return [
    _data(base),
    _test(base),
    *many.meaning(base.tasks),
    _meaning(base),
    _budget(cells),
    hps.tuning(cells),
  ]


def notes(cells: Sequence[Cell]) -> list[str]:
  """Returns the notes below the table: settings, failures, missing values.

  Args:
    cells: of the table.

  Returns:
    Lines of text, those of the trainings themselves last.

  Raises:
    InputError: the cells cannot be compared.
  """
  cells = ordered(cells)
  return [
    *_refusal(baseline(cells)),
    *hps.differing(cells),
    *itertools.chain.from_iterable(own_notes(cell) for cell in cells),
    *_pairs(cells),
    *missing_values(cells),
    *_said(cells),
  ]


def own_notes(cell: Cell) -> list[str]:
  """Returns notes on the selected setting and the failures of one cell."""
  chosen = hps.selected(cell)
  lines = [f'{cell.label}: {hps.choice(cell)}'] if chosen else []
  return lines + _failures(cell)


def _data(base: Cell) -> str:
  head, n = base.header, len(base.setting)
  rows = f'{head["n_train"]}/{head["n_valid"]}/{head["n_test"]}'
  return (
    f'{head["dataset"]}, encoder {head["encoder"]}: mean over {n} '
    f'{base.repeats} ({rows} rows train/valid/test) ± half the width of its '
    '95 % t interval. Balancer equal where none is named.'
  )


def _test(base: Cell) -> str:
  if base.test_over_train is None:
    test = 'paired t-test'
    drawn = base.header['split'] == 'drawn'
    fixed = ' Seeds on one split show training noise only.'
    scope = '' if drawn else fixed
  else:
    test = 'corrected resampled t-test (Nadeau and Bengio 2003)'
    scope = ' Resplits overlap, which the test allows for and ± does not.'
  return (
    f'▲ better, ▼ worse than single, else no difference shown: {test}, paired '
    f'by seed, p < 0.05 after Holm over the table.{scope}'
  )


def _meaning(base: Cell) -> str:
  text = (
    'Δm: + is better; mean over tasks of the relative gain over single in '
    "the task's headline metric, with its paired interval."
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
  """How parameters were selected; schemes whose steps differ by task."""
  own = dict.fromkeys(cell.scheme for cell in cells if _own_steps(cell))
  named = f' ({", ".join(own)})' if own else ''
  return (
    'Parameters are those of the lowest validation loss: one step for the '
    'whole model, its own step per task where towers are separate'
    f'{named}; {hps.rule(cells)}; the test split is read once.'
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


def missing_values(cells: Sequence[Cell]) -> list[str]:
  """Returns notes on metrics that some completed runs of a cell lack.

  A metric has no value where it cannot be computed: an AUC of one class.
  """
  summed = many.too_many(cells[0].tasks)
  rows: dict[tuple, dict[str, list[str]]] = {}
  for cell in cells:
    for task in cell.tasks:
      counts = {m: len(cell.values(task.name, m)) for m, _ in task.metrics}
      # Metrics of a task that lack equally many seeds share a note.
      for seeds in sorted(set(counts.values()) - {len(cell.completed)}):
        metrics = ', '.join(m for m, n in counts.items() if n == seeds)
        of = f'{seeds} of {len(cell.completed)}'
        # In a summarised table so do tasks.
        key = (metrics, of) if summed else (task.name, metrics, of)
        own = rows.setdefault(key, {})
        own.setdefault(task.name, []).append(cell.label)
  return [
    f'{_labels(own)}: {many.some(list(own))} {metrics} has a value on {of} '
    'seeds only; where it is a headline, Δm has none on the others'
    for (*_, metrics, of), own in rows.items()
  ]


def _labels(own: dict[str, list[str]]) -> str:
  """The labels of the cells, each once."""
  return ', '.join(dict.fromkeys(itertools.chain.from_iterable(own.values())))


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
