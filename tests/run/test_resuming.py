"""A cell that is resumed keeps the records of what is not trained again."""

import pytest

from mtl_jax import records
from mtl_jax.cells.chunks import Chunk
from mtl_jax.run import resuming

# Two chunks of two runs, and three evaluations of ten steps each.
CHUNKS = [Chunk(0, [(0, {})] * 2, 2), Chunk(2, [(0, {})] * 2, 2)]
EVALS = [
  {'kind': 'eval', 'run': run, 'step': step}
  for first in (0, 2)
  for step in (10, 20, 30)
  for run in (first, first + 1)
]
TESTS = [{'kind': 'test', 'run': run} for run in range(4)]
OTHERS = [{'kind': 'cell'}, {'kind': 'note', 'text': 'a'}]


@pytest.mark.parametrize(
  ('periods', 'evals', 'tests'),
  [(0, 0, 0), (1, 2, 0), (2, 4, 0), (3, 6, 2), (4, 8, 2), (6, 12, 4)],
)
def test_records_of_later_periods_are_made_again(
  tmp_path, periods, evals, tests
):
  made = [*OTHERS, *EVALS[:6], *TESTS[:2], *EVALS[6:], *TESTS[2:]]
  records.append(tmp_path, *made, {'kind': 'cost'})
  resuming.drop_later(tmp_path, CHUNKS, resuming.Trained(periods, 3, 10))
  left = list(records.read(tmp_path))
  wanted = [*OTHERS, *EVALS[:evals], *TESTS[:tests]]
  assert sorted(map(str, left)) == sorted(map(str, wanted))


def test_records_that_stay_are_not_written_again(tmp_path):
  records.append(tmp_path, *OTHERS)
  before = (tmp_path / 'records.jsonl').stat().st_ino
  resuming.drop_later(tmp_path, CHUNKS, resuming.Trained(0, 3, 10))
  assert (tmp_path / 'records.jsonl').stat().st_ino == before
