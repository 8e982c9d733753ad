"""The claim on balance: fixed weights against balancers, simulated."""

import numpy as np
import pytest
from scipy.stats import binom

from mtl_jax.report.claims import balanced
from mtl_jax.report.claims.claimed import FAILS, HOLDS
from mtl_jax.report.tuning.merging import Tuned
from tests.report.claims import drawn

REPEATS = 200
MOST = binom.ppf(0.999, REPEATS, 0.05) / REPEATS
NAMES = ('single', 'equal', 'static', 'famo', 'pcgrad', 'cagrad')


def rows(rng, gains=0.0, size=0.02, split='resplit'):
  """Rows that are copies, but for the gain of `famo` in every task."""
  made = []
  for name in NAMES:
    gain = (gains,) * 3 if name == 'famo' else (0, 0, 0)
    noise = drawn.overlapping(rng, size=size)
    cell = drawn.cell(name, noise, split, gain, rng.uniform(size=6))
    made.append(Tuned(cell, cell, (cell.setting,)))
  return made


def test_copies_hold_in_5_percent_at_most():
  rng = np.random.default_rng(3)
  found = [balanced.answer(rows(rng)).verdict for _ in range(REPEATS)]
  assert found.count(HOLDS) / REPEATS <= MOST


def test_a_better_balancer_is_found_and_copies_are_told_from_it():
  rng = np.random.default_rng(0)
  answer = balanced.answer(rows(rng, 0.05, 0.001))
  assert answer.verdict == HOLDS
  assert answer.sentence.startswith('Holds: ')
  own = {one.row: one for one in answer.findings}
  assert own['famo'].estimate == pytest.approx(5, abs=0.5)
  assert {own[n].verdict for n in ('pcgrad', 'cagrad')} == {FAILS}
  assert own['equal'].verdict == own[balanced.BEST].verdict == ''
  # Without it, all are equivalent: the claim is shown not to hold.
  assert balanced.answer(rows(rng, 0.0, 0.001)).verdict == FAILS


def test_the_best_is_chosen_by_validation_alone_in_each_resplit():
  rng = np.random.default_rng(0)
  made = rows(rng)
  own = {row.cell.scheme: row.cell for row in made}
  chosen = balanced._chosen({n: own[n] for n in NAMES[3:]}, own['static'])
  for seed, name in chosen.items():
    scores = {n: own[n].setting[seed].score for n in NAMES[3:]}
    assert name == min(scores, key=scores.get)
  fixed = rows(rng, split='fixed')
  own = {row.cell.scheme: row.cell for row in fixed}
  chosen = balanced._chosen({n: own[n] for n in NAMES[3:]}, own['static'])
  assert len(set(chosen.values())) == 1


def test_the_figure_and_the_table_have_every_row(tmp_path):
  answer = balanced.answer(rows(np.random.default_rng(0)))
  answer.draw(tmp_path / 'claim.png')
  assert (tmp_path / 'claim.png').stat().st_size > 1000
  assert {line[0] for line in answer.table.body} == {
    *('famo', 'pcgrad', 'cagrad', 'equal', balanced.BEST)
  }
  picks = [line[3] for line in answer.table.body if line[3] != '–']
  assert sum(int(p.split('/')[0]) for p in picks) == 6
