"""Schemes x balancers from the command line."""

import pandas as pd
import pytest

from tests.experiments import test_compare

CONFIG = test_compare.CONFIG.replace('1200, 60', '20, 2')


@pytest.fixture
def toy(tmp_path):
  (tmp_path / 'toy.py').write_text(CONFIG)
  return f'--config={tmp_path}/toy.py', f'--workdir={tmp_path}/w'


def run(*flags):
  return test_compare.run(*flags, script='experiments.grid')


def records(folder):
  return {p: p.read_bytes() for p in folder.glob('cells/*/records.jsonl')}


def test_a_grid_is_trained_once_and_its_gap_is_shown(toy, tmp_path):
  flags = [
    *toy, '--schemes=soft_l2,hard', '--balancers=equal,pcgrad',
    '--noreference',
  ]  # fmt: skip
  first = run(*flags)
  assert first.returncode == 0, first.stderr
  trained = records(tmp_path / 'w')
  assert len(trained) == 4  # The baseline as well, and not the gap.
  (left_out,) = [x for x in first.stderr.splitlines() if 'left out' in x]
  assert 'soft_l2 with pcgrad' in left_out

  frame = pd.read_csv(tmp_path / 'w/grid.csv', keep_default_na=False)
  pairs = [*zip(frame.scheme, frame.balancer, strict=True)]
  assert pairs == [
    ('soft_l2', 'equal'), ('soft_l2', 'pcgrad'),
    ('hard', 'equal'), ('hard', 'pcgrad'),
  ]  # fmt: skip
  assert frame.n_seeds.tolist() == [2, 0, 2, 2]
  text = (tmp_path / 'w/grid.md').read_text()
  (soft,) = [x for x in text.splitlines() if x.startswith('| soft_l2')]
  assert soft.endswith('| – | – |')
  assert "soft_l2 with pcgrad: balancer 'pcgrad'" in text
  for name in ('figures/grid.png', 'table.csv', 'table.md', 'report.html'):
    assert (tmp_path / 'w' / name).exists(), name

  again = run(*flags)
  assert again.returncode == 0, again.stderr
  assert again.stdout == first.stdout
  assert records(tmp_path / 'w') == trained


def test_a_typo_is_one_line_and_exit_code_2(toy, tmp_path):
  done = run(*toy, '--schemes=hard', '--balancers=equal,pcgrda')
  assert done.returncode == 2
  assert done.stdout == ''
  (line,) = done.stderr.splitlines()
  assert "did you mean 'pcgrad'" in line
  assert not (tmp_path / 'w').exists()
