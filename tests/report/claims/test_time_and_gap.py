"""Claims (a) to (c) on cells of which the truth is known."""

import math

import numpy as np
import pytest

from mtl_jax.report.claims import performance
from mtl_jax.report.claims.claimed import FAILS, HOLDS, UNDECIDED
from mtl_jax.report.claims.equal import (
  equal_loss,
  equal_loss_figure,
  generalisation,
)
from mtl_jax.report.claims.times import reached, training_time
from tests.report.claims import made_cells


def of(answer, what):
  """The findings of one quantity, by row."""
  return {one.row: one for one in answer.findings if one.what == what}


def test_a_scheme_that_learns_twice_as_fast_takes_half_the_steps():
  cells = [made_cells.cell(), made_cells.cell('hard', speed=2.0)]
  answer = training_time.answer(cells)
  steps = of(answer, training_time.STEPS)['hard']
  assert steps.estimate == pytest.approx(0.5, rel=0.1)
  assert steps.low < 0.5 < steps.high
  assert answer.verdict == of(answer, training_time.FLOPS)['hard'].verdict
  assert answer.verdict == HOLDS


def test_what_a_step_costs_counts():
  # Half the steps, each of four times the FLOPs and half as fast.
  dear = {'flops_per_step': 4e6, 'steps_per_second': 50.0}
  cells = [made_cells.cell(), made_cells.cell('mmoe', speed=2.0, **dear)]
  answer = training_time.answer(cells)
  ratios = [
    of(answer, what)['mmoe'].estimate
    for what in (
      training_time.STEPS, training_time.FLOPS, training_time.SECONDS
    )
  ]  # fmt: skip
  np.testing.assert_allclose(
    ratios[1:], [4 * ratios[0], 2 * ratios[0]], rtol=1e-6
  )
  assert answer.verdict == FAILS
  assert of(answer, 'FLOPs of the whole budget')['mmoe'].estimate == 4


def test_seeds_that_never_arrive_count_as_the_budget_and_never_hold():
  base, slow = made_cells.cell(), made_cells.cell('hard', speed=0.5)
  found = reached.to_single(slow, base)
  assert found.never.all()
  assert (found.own == made_cells.STEPS).all()
  # Cheap steps make the lower bound small, which shows nothing.
  cheap = slow._replace(cost=slow.cost | {'flops_per_step': 1e5})
  answer = training_time.answer([base, cheap])
  bound = of(answer, training_time.FLOPS)['hard']
  assert bound.estimate < 1
  assert bound.bound
  assert math.isnan(bound.high)
  assert answer.verdict == UNDECIDED
  row = answer.table.body[-1]
  assert '8/8' in row
  assert row[1].startswith('≥ ')
  assert 'hard (8/8)' in answer.sentence
  # To the quality that both reach, single takes less than its own time.
  common = reached.to_common(slow, base)
  assert not common.never.any()
  assert (common.base < found.base).all()


def test_a_cheap_step_gains_nothing_where_the_quality_is_never_reached():
  base, cheap = made_cells.cell(), {'flops_per_step': 1e5}
  equal = made_cells.cell('hard', **cheap)
  slow = made_cells.cell('hard', speed=0.3, **cheap)
  # Three of eight seeds never arrive: the mean bound is far below 1 ...
  mixed = equal._replace(setting=(*equal.setting[:5], *slow.setting[5:]))
  mixed = mixed._replace(runs=mixed.setting)
  found = reached.to_single(mixed, base)
  # Of a copy some never arrive, too.
  assert 3 <= found.never.sum() < len(found.never)
  bounds = 0.1 * found.ratios
  assert bounds.max() < 1
  # ... and counts as no gain.
  sure = found.at_least(0.1)
  np.testing.assert_array_equal(sure[found.never], 1)
  np.testing.assert_array_equal(sure[~found.never], bounds[~found.never])


def test_copies_of_single_are_not_called_faster_or_slower():
  verdicts = [
    training_time.answer(
      [
        made_cells.cell(noise=0.01, draw=draw),
        made_cells.cell('hard', noise=0.01, draw=draw),
      ]
    ).verdict
    for draw in range(20)
  ]
  assert HOLDS not in verdicts
  assert verdicts.count(FAILS) <= 1


def test_losses_are_compared_where_training_losses_are_equal():
  base = made_cells.cell(overfits=0.5)
  # Slower, so that its gap at equal steps is smaller; as a function of the
  # training loss it is the same.
  slow = made_cells.cell('hard', speed=0.4, overfits=0.5)
  late = [run.curve[-1].valid['a']['loss'] for run in slow.completed]
  assert min(late) > max(r.curve[-1].valid['a']['loss'] for r in base.completed)
  answer = generalisation.answer([base, slow])
  found = of(answer, generalisation.LOSS)['hard']
  assert abs(found.estimate) < 0.5
  assert found.verdict != HOLDS
  for by_seed in equal_loss.by_task(slow, base).values():
    for one in by_seed.values():
      assert 0 < one.fall < 1


@pytest.mark.parametrize(('overfits', 'verdict'), [(0.2, HOLDS), (0.8, FAILS)])
def test_overfitting_is_found_at_any_speed(overfits, verdict):
  base = made_cells.cell(overfits=0.5, noise=0.003)
  for speed in (0.5, 2.0):
    other = made_cells.cell('hard', speed, overfits, noise=0.003)
    answer = generalisation.answer([base, other])
    assert answer.verdict == verdict, speed
    found = of(answer, generalisation.LOSS)['hard']
    assert np.sign(found.estimate) == np.sign(overfits - 0.5)


def test_copies_of_single_have_the_gap_of_single():
  answer = generalisation.answer(
    [made_cells.cell(noise=0.01), made_cells.cell('hard', noise=0.01)]
  )
  assert answer.verdict != HOLDS
  assert of(answer, generalisation.KEPT).keys() == {'single', 'hard'}


def test_a_smoothed_curve_has_means_of_what_was_recorded():
  run = made_cells.cell(overfits=0.5).completed[0]
  found = equal_loss.curve(run, 'a')
  train = [one.train_loss['a'] for one in run.curve if one.train_loss]
  valid = [one.valid['a']['loss'] for one in run.curve]
  size = len(train) - len(found.train) + 1
  assert size > 1
  assert found.train[0] == pytest.approx(np.mean(train[:size]))
  ends = [(a + b) / 2 for a, b in zip(valid, valid[1:], strict=False)]
  assert found.valid[-1] == pytest.approx(np.mean(ends[-size:]))


def test_a_loss_is_interpolated_where_it_is_first_reached():
  steps = np.arange(4.0)
  curve = equal_loss.Curve(steps, *np.array([[4, 2, 3, 1.0], [8, 6, 9, 5]]))
  assert equal_loss.at(curve, 3.0) == 7
  assert equal_loss.at(curve, 2.0) == 6
  assert equal_loss.at(curve, 1.5) == 6
  assert equal_loss.at(curve, 4.0) == 8
  assert math.isnan(equal_loss.at(curve, 5.0))
  assert math.isnan(equal_loss.at(curve, 0.5))


def test_every_seed_has_a_part_in_the_mean_curve():
  base = made_cells.cell()
  levels, mean, low, high = equal_loss_figure.mean_curve(base, 'a')
  assert np.isfinite(mean).all()
  assert (np.diff(levels) < 0).all()
  assert ((low <= mean) & (mean <= high)).all()


def test_performance_is_that_of_the_table():
  cells = [
    made_cells.cell(),
    made_cells.cell('hard', gain=0.05),
    made_cells.cell('mmoe', gain=-0.05),
    made_cells.cell('ple'),
  ]
  answer = performance.answer(cells)
  found = of(answer, performance.DELTA)
  assert [one.verdict for one in found.values()] == [HOLDS, FAILS, UNDECIDED]
  assert found['hard'].estimate == pytest.approx(5, abs=1)
  assert answer.verdict == HOLDS
  # A share of the baseline: the mean of tasks is Delta_m.
  tasks = [of(answer, f'{name} auc')['hard'].estimate for name in 'ab']
  assert np.mean(tasks) == pytest.approx(found['hard'].estimate)
  assert performance.answer([cells[0], cells[2]]).verdict == FAILS
