"""Files of a tuned table: all draws, tuning curves, and the untuned rows."""

import pathlib
from collections.abc import Sequence

import pandas as pd

from mtl_jax.report import stats
from mtl_jax.report.compare import rows, tables
from mtl_jax.report.layout import with_interval
from mtl_jax.report.results import Cell, Run, TaskInfo
from mtl_jax.report.selected import score
from mtl_jax.report.tuning import expected, figures
from mtl_jax.report.tuning.merging import UNTUNED, Tuned


def write(
  tuned: Sequence[Tuned],
  others: Sequence[Cell],
  folder: pathlib.Path,
  margin: float = stats.MARGIN,
) -> None:
  """Writes draws.csv, untuned.csv, tuning_curves.csv and their figure.

  Args:
    tuned: the rows of the table.
    others: further rows that were not tuned, such as the reference.
    folder: the workdir.
    margin: of equivalence, see `rows.rows`.
  """
  tables.write_csv(draws(tuned), folder / 'draws.csv')
  untuned = rows.rows([*others, *(row.untuned for row in tuned)], margin)
  tables.write_csv(untuned, folder / 'untuned.csv')
  curves = expected.curves(tuned)
  tables.write_csv(curves, folder / 'tuning_curves.csv')
  figures.draw(curves, folder / 'figures' / 'tuning_curves.png')


def draws(tuned: Sequence[Tuned]) -> pd.DataFrame:
  """Returns every draw of every row with every seed.

  Args:
    tuned: the rows of the table.

  Returns:
    A row per (scheme, balancer, draw, seed): whether it was chosen (for
    separate towers, by how many tasks), its hyperparameters, its scores, and
    the headline metrics on validation and test. Numbers have five digits.
  """
  return pd.DataFrame(
    [
      {
        'scheme': row.cell.scheme,
        'balancer': row.cell.balancer,
        'draw': number,
        'seed': run.seed,
        'chosen': _chosen(row.cell, run),
        **_hp(run, row.cell.tasks),
        **_results(run, row.cell.tasks),
      }
      for row in tuned
      for number, own in enumerate(row.draws)
      for run in own
    ]
  )


def note(tuned: Sequence[Tuned]) -> str:
  """Says what the rows reach at the configuration's own setting.

  Args:
    tuned: the rows of the table; the baseline is one of them.
  """
  base = next(row for row in tuned if row.cell.is_baseline).untuned
  gains = [
    f'{row.cell.label} {_delta(row.untuned, base)}'
    for row in tuned
    if not row.cell.is_baseline
  ]
  return (
    f"single {UNTUNED} is single at the configuration's own setting. Δm % of "
    f'the other rows at theirs, against it: {", ".join(gains)} (untuned.csv).'
  )


def _delta(cell: Cell, base: Cell) -> str:
  _, delta = rows.deltas(cell, base)
  if delta.per_seed is None:
    return '–'
  test = stats.one_sample(delta.per_seed, stats.PERCENT, base.test_over_train)
  return with_interval(test.mean, test.low, test.high, '+')


def _chosen(cell: Cell, run: Run) -> int:
  own = next(r for r in cell.setting if r.seed == run.seed)
  return sum(hp == run.hp for hp in own.chosen) if own.test else 0


def _hp(run: Run, tasks: Sequence[TaskInfo]) -> dict[str, object]:
  """The hyperparameters in flat columns; those that are never drawn too."""
  flat = {k: v for k, v in run.hp.items() if not isinstance(v, dict | list)}
  numbers = run.hp.get('balancer', {})
  flat |= {f'balancer {key}': value for key, value in numbers.items()}
  weights = zip(tasks, run.hp.get('task_weights', ()), strict=False)
  return flat | {f'weight {task.name}': weight for task, weight in weights}


def _results(run: Run, tasks: Sequence[TaskInfo]) -> dict[str, object]:
  if run.test is None:
    return {'score': None}
  line = {'score': _short(run.score)}
  for task in tasks:
    line[f'score {task.name}'] = _short(score(run, task.name))
    metric = task.metrics[0][0]
    for split in ('valid', 'test'):
      value = getattr(run, split)[task.name].get(metric)
      line[f'{split} {task.name} {metric}'] = _short(value)
  return line


def _short(value: float | None) -> float | None:
  return None if value is None else float(f'{value:.5g}')
