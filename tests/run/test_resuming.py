"""A cell that is resumed keeps the records of what is not trained again."""

import pytest

from mtl_jax import records
from mtl_jax.run import resuming
from mtl_jax.run.resuming import Reached

# Two chunks of two runs, and three evaluations of ten steps each.
EVALS = [
  {'kind': 'eval', 'run': run, 'step': step}
  for first in (0, 2)
  for step in (10, 20, 30)
  for run in (first, first + 1)
]
TESTS = [{'kind': 'test', 'run': run} for run in range(4)]
OTHERS = [{'kind': 'cell'}, {'kind': 'note', 'text': 'a'}]


@pytest.mark.parametrize(
  ('at', 'evals', 'tests'),
  [
    (Reached(), 0, 0),
    (Reached(0, 10), 2, 0),
    (Reached(0, 20), 4, 0),
    (Reached(2, 0), 6, 2),
    (Reached(2, 10), 8, 2),
    (Reached(4, 0), 12, 4),
  ],
)
def test_records_of_later_periods_are_made_again(tmp_path, at, evals, tests):
  made = [*OTHERS, *EVALS[:6], *TESTS[:2], *EVALS[6:], *TESTS[2:]]
  records.append(tmp_path, *made, {'kind': 'cost'})
  assert resuming.covers(tmp_path, at)
  resuming.drop(tmp_path, at)
  left = list(records.read(tmp_path))
  wanted = [*OTHERS, *EVALS[:evals], *TESTS[:tests]]
  assert sorted(map(str, left)) == sorted(map(str, wanted))


def test_records_may_end_before_a_checkpoint(tmp_path):
  records.append(tmp_path, *OTHERS, *EVALS[:2])
  assert resuming.covers(tmp_path, Reached(0, 10))
  assert not resuming.covers(tmp_path, Reached(0, 20))
  assert not resuming.covers(tmp_path, Reached(2, 0))
