"""What training and predicting cost beside `single`, as table and sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mtl_jax.report import many
from mtl_jax.report.claims import wording
from mtl_jax.report.claims.claimed import FAILS, HOLDS, UNDECIDED, Finding
from mtl_jax.report.layout import Table, human
from mtl_jax.report.results import Cell

# Descriptive ratios of a cell's costs: what it is called, and in the records.
COSTS = {
  'FLOPs of the whole budget': 'flops_per_step',
  'FLOPs of predicting': 'predict_flops',
  'parameters': 'params',
}
BUDGET, PREDICT, PARAMS = COSTS
HEADER = [
  *('scheme', 'FLOPs to quality', 'steps', 'seconds', 'never'),
  *('FLOPs to both’s', 'whole budget', 'predicting', 'parameters', 'verdict'),
]


def over(cell: Cell, base: Cell, name: str) -> float:
  """Returns a cost over that of the baseline; NaN where one is unknown."""
  own, alone = cell.cost.get(name), base.cost.get(name)
  return own / alone if own and alone else math.nan


def costs(cell: Cell, base: Cell) -> list[Finding]:
  """Returns the costs that do not depend on the seed, as ratios to `single`."""
  return [
    Finding(cell.label, what, 'ratio', over(cell, base, name))
    for what, name in COSTS.items()
  ]


def sentence(
  verdict: str,
  timed: Sequence,
  main: Sequence[Finding],
  costs: Sequence[Finding],
) -> str:
  """Returns the answer.

  Args:
    verdict: on the claim.
    timed: `training_time.Timed` of every scheme.
    main: FLOPs to the quality of `single`, with verdicts.
    costs: from `costs`, of all schemes.
  """
  words = {HOLDS: 'fewer', FAILS: 'more', UNDECIDED: 'undecided'}
  parts = []
  for kind, word in words.items():
    # More are shown to the quality that both reach, which the table has.
    if listed := wording.rows_with(main, kind, numbers=kind == HOLDS):
      parts.append(f'{word}: {listed}')
  rare = [f'{one.cell.label} ({_never(one)})' for one in timed if one.rarely]
  seldom = (
    ' Half of the seeds or more never reach that quality with '
    f'{many.some(rare, wording.MOST)}, for which the claim cannot hold.'
    if rare
    else ''
  )
  return (
    f'{wording.opening(verdict)}. FLOPs until the validation quality of '
    f'single, as a ratio to those of single, are {"; ".join(parts)}'
    f'{wording.power(main)}.{seldom} The whole budget takes '
    f'{_span(costs, BUDGET)} of the FLOPs of single, predicting all tasks of a '
    f'row {_span(costs, PREDICT)}.'
  )


def _never(one) -> str:
  return f'{one.single.never.sum()}/{one.single.never.size}'


def _span(costs: Sequence[Finding], what: str) -> str:
  """The lowest and the highest, with their rows."""
  known = [o for o in costs if o.what == what and math.isfinite(o.estimate)]
  if not known:
    return 'an unknown share'
  low, high = (f(known, key=lambda one: one.estimate) for f in (min, max))
  ends = dict.fromkeys((low, high))
  return ' to '.join(
    f'{wording.number(one.estimate, "ratio")} ({one.row})' for one in ends
  )


def table(timed: Sequence, findings: Sequence[Finding], base: Cell) -> Table:
  """Returns the table: `single` in numbers of its own, the rest as ratios.

  Args:
    timed: `training_time.Timed` of every scheme.
    findings: of all quantities, in the order of the columns for each scheme.
    base: the baseline.
  """
  body = [_single(timed[0].single.base, base)] if timed else []
  for one in timed:
    own = [f for f in findings if f.row == one.cell.label]
    never = _never(one)
    entries = [wording.with_ends(finding) for finding in own]
    verdict = next(f.verdict for f in own if f.verdict)
    body.append([one.cell.label, *entries[:3], never, *entries[3:], verdict])
  return Table(HEADER, body)


def _single(steps: np.ndarray, base: Cell) -> list[str]:
  cost, median = base.cost, float(np.median(steps))
  flops, rate = cost.get('flops_per_step'), cost.get('steps_per_second')
  budget = base.header['comparable']['steps']
  # The rate is that of all runs of the row together.
  seconds = median * len(base.runs) / rate if rate else None
  return [
    'single itself',
    human(median * flops if flops else None),
    human(median),
    human(seconds),
    f'0/{steps.size}',
    '–',
    human(budget * flops if flops else None),
    human(cost.get('predict_flops')),
    human(cost.get('params')),
    '–',
  ]


def notes(base: Cell, test: str) -> tuple[str, ...]:
  """Returns what was measured how.

  Args:
    base: the baseline.
    test: its name.
  """
  head = base.header['comparable']
  return (
    'Quality is the headline metrics on validation, on average as relative '
    'changes; its level is what single keeps at the same seed. Ratios are '
    'geometric means over seeds with 95 % intervals; below 1 is less than '
    'single. single itself: medians over seeds.',
    'never: seeds that do not reach it in the whole budget. They count as the '
    'whole budget, so that their ratio is a lower bound; the test counts them '
    'as no gain, that is as a ratio of 1 if the bound is below, and with half '
    'of the seeds or more the claim cannot hold. single always reaches its '
    'own level, and a copy of it with other noise in about half of the seeds: '
    'a ratio below 1 is shown in spite of this, and a ratio above 1 is not a '
    'finding.',
    'FLOPs to both’s: until the lower of the two qualities kept, which both '
    'reach. The claim does not hold for a scheme that is shown to take more '
    'of these.',
    'The verdict is on FLOPs: a step of a scheme costs other than one of '
    'single, and seconds (without compiling) are those of one machine, which '
    'may do other things as well, of all seeds side by side. '
    f'Test: {test}, Holm over schemes. '
    f'{head["steps"]} steps, evaluated every '
    f'{human(head["steps"] / head["evals"])}: times are known to that. '
    'Towers of single count until the last one is good enough.',
  )
