"""The claim on interference: which tasks lose, and what gradients said."""

import math

import numpy as np
import pytest
from scipy.stats import binom, spearmanr

from mtl_jax.report.claims import early_cosines, losing_tasks, lost_to_single
from mtl_jax.report.claims.claimed import FAILS, HOLDS
from mtl_jax.report.claims.early_cosines import Early
from mtl_jax.report.interference.pairs import per_seed
from tests.report.claims import drawn

REPEATS = 200
MOST = binom.ppf(0.999, REPEATS, 0.05) / REPEATS


def cells(rng, gains=(0, 0, 0), size=0.02):
  made = [drawn.cell('single', drawn.overlapping(rng, size=size))]
  for scheme in ('hard', 'mmoe'):
    own = gains if scheme == 'hard' else (0, 0, 0)
    noise = drawn.overlapping(rng, size=size)
    made.append(drawn.cell(scheme, noise, gains=own))
  return made


def test_copies_hold_in_5_percent_at_most():
  rng = np.random.default_rng(1)
  found = [losing_tasks.answer(cells(rng)).verdict for _ in range(REPEATS)]
  assert found.count(HOLDS) / REPEATS <= MOST


def test_a_loss_is_found_where_the_mean_over_tasks_shows_none(tmp_path):
  rng = np.random.default_rng(0)
  early = Early(
    drawn.cell('hard', np.zeros((6, 3))),
    20,
    {t.name: np.full(6, 1.0 - i) for i, t in enumerate(drawn.TASKS)},
  )
  answer = losing_tasks.answer(cells(rng, (0.05, 0, -0.05), 0.001), early)
  assert answer.verdict == HOLDS
  own = {one.row: one for one in answer.findings}
  assert own['death_0 under hard'].verdict == HOLDS
  assert own['death_0 under hard'].estimate == pytest.approx(5, abs=0.5)
  assert own['cd4_0 under hard'].verdict == FAILS
  marks = {line[0]: line[1][-1] for line in answer.table.body}
  assert marks == {'cd4_0': '▲', 'cd4_1': '=', 'death_0': '▼'}
  # Three tasks in order have a correlation of 1 that shows nothing.
  assert own['hard'].estimate == pytest.approx(1)
  assert '3 tasks cannot show any, p is 0.33 or more' in answer.sentence
  answer.draw(tmp_path / 'claim.png')
  assert (tmp_path / 'claim.png').stat().st_size > 1000


def test_without_a_loss_above_the_margin_the_claim_does_not_hold():
  answer = losing_tasks.answer(cells(np.random.default_rng(0), size=0.0005))
  assert answer.verdict == FAILS
  assert 'the largest loss is' in answer.sentence


def test_a_loss_is_a_share_of_the_mean_of_single():
  base = drawn.cell('single', np.zeros((2, 3)))
  cell = drawn.cell('hard', np.array([[0.1, 0, -0.2], [-0.1, 0, 0.2]]))
  loss = [lost_to_single.lost(cell, base, task) for task in drawn.TASKS]
  np.testing.assert_allclose([*loss[0].values()], [-10, 10])
  np.testing.assert_allclose([*loss[2].values()], [20, -20])


def frame(rng, cosines, steps=(0, 10, 50), noise=0.01):
  """Probes: products of gradients of length 1 with known cosines."""
  import pandas as pd

  from mtl_jax.report.interference.probe_records import COLUMNS

  names = [task.name for task in drawn.TASKS]
  lines = [
    (step, 'ALL', names[i], names[j], 'product', seed,
     (1 if i == j else cosines[i][j] * (1 if step < 50 else -1))
     + noise * rng.normal())
    for step in steps for seed in range(6)
    for i in range(3) for j in range(3)
  ]  # fmt: skip
  return pd.DataFrame(lines, columns=[*COLUMNS])


def test_early_cosines_are_means_over_the_others_of_the_first_fifth():
  known = [[1, 0.2, 0.4], [0.2, 1, -0.6], [0.4, -0.6, 1]]
  made = frame(np.random.default_rng(0), known)
  cell = drawn.cell('hard', np.zeros((6, 3)))
  found = early_cosines.early(made, cell, 60)
  assert found.last == 10
  means = [values.mean() for values in found.cosines.values()]
  np.testing.assert_allclose(means, [0.3, -0.2, -0.1], atol=0.02)
  assert len(per_seed(made))


def test_ranks_agree_with_scipy_and_the_interval_with_what_is_sure():
  rng = np.random.default_rng(0)
  cosines = np.arange(5)[:, None] + 0.01 * rng.normal(size=(5, 8))
  gains = np.array([0, 2, 1, 3, 4])[:, None] + 0.01 * rng.normal(size=(5, 8))
  found = early_cosines.ranked(cosines, gains)
  known = spearmanr(cosines.mean(1), gains.mean(1))
  assert found.value == pytest.approx(known.statistic)
  assert found.low == found.high == pytest.approx(found.value)
  assert found.p_value == pytest.approx(10 / 120)  # |r| of .9 or more
  assert found.least == pytest.approx(2 / 120)
  wide = early_cosines.ranked(cosines, rng.normal(size=(5, 8)), 0.3)
  assert wide.high - wide.low > 0.5


def test_two_tasks_have_no_rank_correlation():
  found = early_cosines.ranked(np.eye(2), np.eye(2))
  assert math.isnan(found.value)
  assert found.tasks == 2
