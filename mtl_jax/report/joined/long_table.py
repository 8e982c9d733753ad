"""All numbers of the report as one long table, joined.csv."""

from collections.abc import Iterator

import pandas as pd

from mtl_jax.report.joined.findings import Findings

COLUMNS = (
  *('part', 'dataset', 'row', 'quantity', 'unit', 'value', 'ci_low'),
  *('ci_high', 'p_value', 'p_holm', 'verdict', 'n'),
)


def long(found: Findings) -> pd.DataFrame:
  """Returns all numbers as one table, with `COLUMNS`."""
  lines = [*_delta_lines(found), *_effect_lines(found)]
  lines += [*_rank_lines(found), *_improvement_lines(found)]
  return pd.DataFrame(lines, columns=list(COLUMNS))


def _delta_lines(found: Findings) -> Iterator[dict]:
  for row in found.deltas.to_dict('records'):
    line = {'part': 'delta_m', 'quantity': 'delta_m', 'unit': '%'}
    value = {'value': row['mean'], 'n': row['n_seeds']}
    yield {**row, **line, **value}


def _effect_lines(found: Findings) -> Iterator[dict]:
  n = len(found.joined.sets)
  for label, effect in found.effects.items():
    start = {'part': 'effect', 'dataset': 'ALL', 'row': label, 'n': n}
    p_holm = found.p_holm[label]
    yield start | {
      'quantity': 'delta_m', 'unit': '%', 'value': effect.mean,
      'ci_low': effect.low, 'ci_high': effect.high, 'p_value': effect.p_value,
      'p_holm': p_holm, 'verdict': found.verdict(label),
    }  # fmt: skip
    yield start | {'quantity': 'tau', 'unit': '%', 'value': effect.tau}
    yield start | {
      'quantity': 'new_data_set', 'unit': '%', 'value': effect.mean,
      'ci_low': effect.new_low, 'ci_high': effect.new_high,
    }  # fmt: skip


def _rank_lines(found: Findings) -> Iterator[dict]:
  if not (own := found.ranking):
    return
  names = [*(s.name for s in found.joined.sets), 'ALL']
  start = {'part': 'ranks', 'unit': 'rank'}
  for name, line in zip(names, [*own.ranked, own.ranked.mean(0)], strict=True):
    mean = name == 'ALL'
    for label, rank in zip(own.labels, line, strict=True):
      tests = {
        'p_value': own.p_values.get(label),
        'p_holm': own.p_holm.get(label),
        'n': len(own.ranked),
      }
      yield start | (tests if mean else {}) | {
        'dataset': name, 'row': label, 'value': rank,
        'quantity': 'mean_rank' if mean else 'rank',
      }  # fmt: skip
  whole = start | {'dataset': 'ALL', 'row': 'ALL', 'n': len(own.ranked)}
  yield whole | {
    'quantity': 'friedman_f', 'unit': '', 'value': own.friedman.f,
    'p_value': own.friedman.p_value,
  }  # fmt: skip
  yield whole | {'quantity': 'critical_difference', 'value': own.difference}


def _improvement_lines(found: Findings) -> Iterator[dict]:
  for label, estimates in found.improvements.items():
    for quantity, own in estimates.items():
      yield {
        'part': 'improvement', 'dataset': 'ALL', 'row': label,
        'quantity': quantity, 'unit': '%' if 'Δm' in quantity else '',
        'value': own.value, 'ci_low': own.low, 'ci_high': own.high,
        'n': len(found.joined.sets),
      }  # fmt: skip
