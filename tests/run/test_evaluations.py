"""What an evaluation shows, as `config.verbose` asks."""

import numpy as np
import pytest

from mtl_jax import cells, records, train
from mtl_jax.run import table
from mtl_jax.run.evaluations import Evaluations
from mtl_jax.run.notices import Notices
from mtl_jax.run.progress import Live, RecordedProgress
from tests import small
from tests.run import test_table

quick = small.quick

LOSSES = np.array([[1.0, 0.5], [3.0, 1.5], [9.0, 9.0]], np.float32)
VALID = {
  'sum': {'rmse': np.array([1.0, 2.0, 9.0]), 'loss': np.array([2.0, 4.0, 9.0])},
  'first': {'auc': np.array([0.9, 0.7, 0.0]), 'loss': np.array([0.4, 0.8, 9])},
}
SCALE = np.array([[2.0, 0.4], [2.0, 0.4], [1.0, 1.0]])
ENDS = np.array([24, 24, 24])


@pytest.fixture(scope='module')
def cell():
  return test_table.make()


def shown(cell, folder, verbose, ends=ENDS, readings=None):
  """Lines after an evaluation of two runs, and a third that is padding."""
  cell.config.verbose, live = verbose, RecordedProgress()
  evaluations = Evaluations(cell, folder, live, Notices(cell, folder, live))
  chunk = cells.Chunk(0, cell.runs[:2], 3)
  metrics = train.Metrics(LOSSES, np.ones((3, 2), np.float32), readings or {})
  evaluations.add(chunk, (6, 12), (metrics, VALID), ends, SCALE)
  evaluations.close()
  return live.lines


def test_a_line_per_evaluation_tells_losses_and_the_score(cell, tmp_path):
  assert shown(cell, tmp_path / 'one', verbose=1) == []
  assert shown(cell, tmp_path / 'two', verbose=2) == [
    'hard, equal: step 12 of 24, 2 runs: training loss sum 2.000 first 1.000; '
    'validation loss sum 3.000 first 0.600; score 1.5000'
  ]


def test_a_run_that_has_stopped_is_not_recorded(cell, tmp_path):
  (line,) = shown(cell, tmp_path, verbose=2, ends=np.array([6, 24, 24]))
  assert '1 run: training loss sum 3.000' in line
  assert line.endswith('score 2.0000')
  assert [r['run'] for r in records.read(tmp_path)] == [1]


def test_an_expert_that_is_not_used_after_the_stop_is_not_reported(
  cell, tmp_path
):
  use = {'use (expert)': np.array([[0, 1], [0.5, 0.5], [0.5, 0.5]])}
  for end, lines in ((12, 1), (6, 0)):
    ends = np.array([end, 24, 24])
    assert len(shown(cell, tmp_path / str(end), 1, ends, use)) == lines


def test_the_score_may_be_of_headline_metrics(tmp_path):
  cell = test_table.make(select='metric', primary=('first',))
  (line,) = shown(cell, tmp_path, verbose=2)
  # The mean of 0.1 and 0.3, errors 1 - auc, over the unit 0.4.
  assert line.endswith('score 0.5000')


def test_nothing_is_shown_where_all_are_quiet(cell, capsys):
  cell.config.verbose = 0
  assert table.is_quiet([cell])
  with Live(10, quiet=table.is_quiet([cell])) as live:
    live.say('nothing')
  assert capsys.readouterr() == ('', '')
  cell.config.verbose = 1
  assert not table.is_quiet([cell])
