"""Findings at each share of the labels, for claims.csv; they only describe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mtl_jax.report import stats, units
from mtl_jax.report.claims.claimed import Finding
from mtl_jax.report.claims.labels import label_rows
from mtl_jax.report.claims.labels.label_curves import Setting
from mtl_jax.report.claims.labels.label_rows import Row
from mtl_jax.report.results import Cell, TaskInfo


def findings(rows: Sequence[Row]) -> list[Finding]:
  """Returns gains and factors at each share, and the metrics of all tasks.

  Args:
    rows: of all settings.
  """
  settings = {row.setting.name: row.setting for row in rows}
  at = [finding for row in rows for finding in _at(row)]
  return [*at, *(f for one in settings.values() for f in _metrics(one))]


def _at(row: Row) -> Iterator[Finding]:
  name = f'{row.scheme}, {row.setting.name}'
  for share, gain, p_value, factor in zip(
    row.setting.shares, row.better, row.p_shares, row.at, strict=False
  ):
    where = f'at {100 * share:.3g} % of labels'
    yield Finding(
      name,
      f'gain {where}',
      '%',
      *gain[:3],
      verdict=label_rows.verdict(gain.mean, p_value),
      seeds=factor.seeds,
    )
    ends = factor.estimate, factor.low, factor.high
    # Without a verdict: it is that of the gain.
    yield Finding(
      name, f'factor of labels {where}', 'ratio', *ends, seeds=factor.seeds
    )


def _metrics(setting: Setting) -> Iterator[Finding]:
  """Headlines of all tasks at all shares, and differences to `single`."""
  for share in setting.shares:
    cells = {cell.scheme: cell for cell in setting.cells[share]}
    for scheme in setting.gains:
      for task in cells[scheme].tasks:
        what = f'{task.name} {task.metrics[0][0]} at {100 * share:.3g} %'
        row = f'{scheme}, {setting.name}'
        yield from _of_task(row, what, task, cells[scheme], cells['single'])


def _of_task(
  row: str, what: str, task: TaskInfo, cell: Cell, single: Cell
) -> Iterator[Finding]:
  metric = task.metrics[0][0]
  unit = units.of(cell, task.name, metric)
  own, alone = (units.values(c, task.name, metric) for c in (cell, single))
  overlap = single.test_over_train
  level = stats.interval([*own.values()], overlap)
  ends = level.mean, level.low, level.high
  yield Finding(row, what, unit, *ends, seeds=len(own))
  seeds = sorted(own.keys() & alone.keys())
  if cell.scheme != 'single' and seeds:
    pairs = [own[s] for s in seeds], [alone[s] for s in seeds]
    less = stats.paired(*pairs, overlap)
    yield Finding(
      row, f'{what}, less single', unit, *less[:3], seeds=len(seeds)
    )
