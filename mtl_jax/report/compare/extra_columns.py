"""Columns of the table beside tasks, Delta_m and cost: one value per row.

They stand in the rows of Delta_m; `glossary` explains each.
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from mtl_jax.report import stats, units
from mtl_jax.report.agreement import baseline
from mtl_jax.report.compare import deltas
from mtl_jax.report.compare.curve_columns import gap, steps_to_single
from mtl_jax.report.results import Cell, settings

WHOLE = ('delta_m_model', 'delta_m_model_low', 'delta_m_model_high')
CHANCE = ('delta_m_chance', 'delta_m_chance_low', 'delta_m_chance_high')
NUMBERS = (
  *('worst_change', 'harmed', 'harmed_shown', 'mean_rank', *CHANCE),
  *('delta_m_without_low', 'delta_m_without_high', *WHOLE, 'predict_flops'),
  *('peak_memory', 'steps_to_single', 'seconds_to_single', 'test_train_loss'),
  'draws',
)
NAMES = (
  *('worst_task', 'without_low_task', 'without_high_task'),
  *NUMBERS,
)


def add(table: list[dict], cells: Sequence[Cell], margin: float) -> None:
  """Adds the columns to the rows of Delta_m.

  Args:
    table: rows with their verdicts; changed in place.
    cells: of the table, ordered.
    margin: a share, as in `rows.rows`.
  """
  base = baseline(cells)
  ranks = _mean_ranks(cells)
  rows: dict[tuple[str, str], list[dict]] = {}
  for row in table:
    rows.setdefault(_key(row), []).append(row)
  for cell in cells:
    own = rows[cell.scheme, cell.balancer]
    delta = next(row for row in own if row['task'] == 'ALL')
    delta |= _of_tasks(cell, own, base, margin)
    delta |= {'mean_rank': ranks.get(cell.label)}
    delta |= _variants(cell, base) | _progress(cell, base)
    delta |= {
      'predict_flops': cell.cost.get('predict_flops'),
      'peak_memory': cell.cost.get('peak_memory'),
      'test_train_loss': gap(cell),
      'draws': len(settings(cell.runs)),
    }


def _key(row: dict) -> tuple[str, str]:
  return row['scheme'], row['balancer']


def _of_tasks(cell: Cell, own: list[dict], base: Cell, margin: float) -> dict:
  """The largest loss of a task, and how many tasks lose."""
  if cell.is_baseline:
    return {}
  # The first row of a task is its headline.
  headlines = {r['task']: r for r in reversed(own) if r['task'] != 'ALL'}
  changes = {
    name: _percent(row, base)
    for name, row in headlines.items()
    if np.isfinite(_percent(row, base))
  }
  if not changes:
    return {}
  worst = min(changes, key=changes.get)
  shown = [row['verdict'] == stats.WORSE for row in headlines.values()]
  return {
    'worst_task': worst,
    'worst_change': changes[worst],
    'harmed': sum(value < -100 * margin for value in changes.values()),
    'harmed_shown': sum(shown),
  }


def _percent(row: dict, base: Cell) -> float:
  """A headline's mean change against the baseline in %, + is better."""
  name = row['task'], row['metric']
  recorded = list(base.values(*name).values())
  if not recorded or not abs(np.mean(recorded)) >= stats.NEAR_ZERO:
    return np.nan
  level = abs(np.mean(list(units.values(base, *name).values())))
  sign = 1 if row['higher_is_better'] else -1
  return 100 * sign * row.get('diff', np.nan) / level


def _variants(cell: Cell, base: Cell) -> dict:
  """Delta_m over chance, with each task left out, of whole models."""
  whole = deltas.of_whole_models(cell, base)
  found = dict(zip(WHOLE, whole, strict=True)) if whole else {}
  if cell.is_baseline:
    return found
  chance, _ = deltas.over_chance(cell, base)
  found |= dict(zip(CHANCE, chance, strict=True))
  rest = deltas.left_out(cell, base)
  for name, pick in (('low', min), ('high', max)) if rest else ():
    task = pick(rest, key=rest.get)
    found[f'delta_m_without_{name}'] = rest[task]
    found[f'without_{name}_task'] = task
  return found


def _progress(cell: Cell, base: Cell) -> dict:
  steps = steps_to_single(cell, base)
  if steps is None:
    return {}
  rate = cell.cost.get('steps_per_second')
  # The rate is that of all runs of the row together.
  seconds = steps * len(cell.runs) / rate if rate else None
  return {'steps_to_single': steps, 'seconds_to_single': seconds}


def _mean_ranks(cells: Sequence[Cell]) -> dict[str, float]:
  """By label: the mean rank over tasks and seeds; 1 is best."""
  trained = [c for c in cells if not c.is_reference and c.completed]
  ranks = []
  for task in cells[0].tasks:
    metric, higher = task.metrics[0]
    values = [cell.values(task.name, metric) for cell in trained]
    for seed in set.intersection(*map(set, values)):
      column = np.array([own[seed] for own in values])
      ranks.append(rankdata(-column if higher else column))
  if not ranks:
    return {}
  means = np.mean(ranks, axis=0)
  return {c.label: float(m) for c, m in zip(trained, means, strict=True)}
