"""The load campaign in small."""

import numpy as np
import pytest
from matplotlib.transforms import Bbox

from mtl_jax import records
from mtl_jax.report import drawing
from mtl_jax.report.compare import legible
from tests.faults.load import at_once, cells, killed, large, long_run, sweep


def harmless(found):
  return not any(
    found.get(k, 0) for k in ('lost', 'doubled', 'unequal', 'silent')
  )


def test_commands_at_once_share_cells(tmp_path):
  found = at_once.sharing(2, tmp_path)
  assert harmless(found), found


def test_a_sweep_survives_the_kill_of_its_process(tmp_path):
  found = killed.local(3, tmp_path, (0.0, 0.1), most=1)
  assert harmless(found), found
  assert found['trials'] == 1


def test_a_long_run_takes_all_its_steps(tmp_path):
  found = long_run.run(2000, tmp_path)
  assert found['lost'] == 0


def test_a_report_of_many_cells_has_them_all(tmp_path, monkeypatch):
  monkeypatch.setattr(legible, 'MOST', 4)  # Figures draw few of them.
  found = large.run(12, tmp_path)
  text = (tmp_path / 'report' / 'report.html').read_text('utf-8')
  assert text.count('the other 7 are in the table alone') == 2
  assert harmless(found), found


def test_harm_is_counted(tmp_path):
  """Of a cell with one evaluation missing, and one there twice."""
  keys = sorted(cells.wanted(), key=str)
  lines = [
    {'kind': k, 'run': r, 'step': s, 'at': i}
    for i, (k, r, s) in enumerate(keys)
  ]
  whole, less, twice = (tmp_path / 'cells' / name for name in 'abc')
  records.append(whole, *lines)
  records.append(less, *lines[1:])
  records.append(twice, *lines, lines[0] | {'at': -1})
  assert cells.harmed(tmp_path, 4) == {'lost': 2, 'doubled': 1}
  assert cells.unequal({'a': {}, 'b': {}}, {'a': {}}) == 1
  assert len(lines) == 3 + sweep.SEEDS * (1 + sweep.EVALS)


@pytest.mark.parametrize('cut', [0, 1, 70_000, 200_000])
def test_a_long_cut_line_is_dropped_whatever_its_length(tmp_path, cut):
  path = tmp_path / 'records.jsonl'
  before = '{"kind": "cell"}\n' * (cut > 1)
  path.write_text(before + 'x' * cut)
  records.append(tmp_path, {'kind': 'done'})
  kinds = [line['kind'] for line in records.read(tmp_path)]
  assert kinds == ['cell'] * (cut > 1) + ['done']


def test_names_of_points_are_lifted_as_far_as_trying_would():
  draw, taken = np.random.default_rng(0), []
  for corner in draw.uniform(0, 60, (60, 2)):
    box, lift = Bbox.from_bounds(*corner, 20, 7), 0
    while any(box.translated(0, lift).overlaps(other) for other in taken):
      lift += 2
    assert drawing._lift(box, taken) == lift
    taken.append(box.translated(0, lift))
