"""Verdicts of a table's rows, from one family of tests fixed beforehand.

A scheme's Delta_m is tested first; the headlines of its tasks wait behind it,
and their further metrics until all of its headlines are shown. Schemes share
the level in equal parts (see `families`). Equivalence is a second family of the
same shape, without the further metrics: a task is called equivalent only where
Delta_m of its scheme is. Where Delta_m is not known, tasks wait for nothing,
and further metrics for their headline alone.
"""

from collections.abc import Iterator

import numpy as np

from mtl_jax.report import families, power, stats

Row = dict
# One scheme: Delta_m, and the rows of each task, headline first.
Branch = tuple[Row, list[list[Row]]]


def judge(table: list[Row]) -> None:
  """Adds corrected p-values, detectable differences and verdicts.

  Args:
    table: rows of `rows.rows`, with `p_value`, `p_equivalent`, `diff_std`,
      `n_pairs` and `share` where they are compared; changed in place.
  """
  branches = [*_branches(table)]
  for name, secondary in (('p_value', True), ('p_equivalent', False)):
    pairs = []
    families.adjust([_tree(b, name, secondary, pairs) for b in branches])
    for row, test in pairs:
      row[CORRECTED[name]] = test.adjusted
      if name == 'p_value':
        row['detectable'] = _detectable(row, stats.ALPHA / test.divisor)
  for row in table:
    row['verdict'] = '' if is_baseline(row) else _verdict(row)


CORRECTED = {'p_value': 'p_holm', 'p_equivalent': 'p_equivalent_holm'}


def is_baseline(row: Row) -> bool:
  """Whether a row is of the cell that others are compared with."""
  return (row['scheme'], row['balancer']) == ('single', 'equal')


def _branches(table: list[Row]) -> Iterator[Branch]:
  by_scheme: dict[tuple, dict[str, list[Row]]] = {}
  for row in table:
    if not is_baseline(row):
      own = by_scheme.setdefault((row['scheme'], row['balancer']), {})
      own.setdefault(row['task'], []).append(row)
  for tasks in by_scheme.values():
    (delta,) = tasks.pop('ALL')
    yield delta, list(tasks.values())


def _tree(branch: Branch, name: str, secondary: bool, pairs: list):
  """The tests of one scheme; adds each of its rows and its test to `pairs`."""

  def test(row: Row, behind=(), implies=False) -> families.Claim:
    made = families.Claim(row.get(name), behind, implies)
    pairs.append((row, made))
    return made

  delta, tasks = branch
  headlines = [
    test(first, [test(row) for row in rest] if secondary else [])
    for first, *rest in tasks
  ]
  # A mean of tasks that differs implies a task that differs; one that is
  # equivalent implies nothing, since tasks may cancel.
  return test(delta, headlines, implies=name == 'p_value')


def _detectable(row: Row, level: float) -> float:
  if row.get('p_value') is None:
    return np.nan
  n = row['n_pairs']
  std = power.typical(row['diff_std'], n)
  return power.detectable(std, n, row['share'], level)


def _verdict(row: Row) -> str:
  if _shown(row.get('p_holm')):
    up = (row['diff'] > 0) == row['higher_is_better']
    return stats.BETTER if up else stats.WORSE
  equivalent = _shown(row.get('p_equivalent_holm'))
  return stats.EQUIVALENT if equivalent else stats.UNDECIDED


def _shown(p_value: float | None) -> bool:
  return p_value is not None and p_value < stats.ALPHA
