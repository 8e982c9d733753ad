"""The command, and what sharing is worth where that is known."""

import numpy as np
import pandas as pd
import pytest

import mtl_jax as mtl
from configs import default
from mtl_jax import cells, run
from mtl_jax.api import transfer
from mtl_jax.cells import build
from mtl_jax.errors import InputError
from mtl_jax.report import results as report_cells
from mtl_jax.report.transfer import groups
from tests import small
from tests.experiments import test_compare

quick = small.quick

CONFIG = test_compare.CONFIG.replace('1200, 60', '20, 2')


@pytest.fixture
def toy(tmp_path):
  (tmp_path / 'toy.py').write_text(CONFIG)
  return f'--config={tmp_path}/toy.py', f'--workdir={tmp_path}/w'


def command(*flags):
  return test_compare.run(*flags, script='experiments.transfer')


def test_a_pair_is_trained_once_and_its_gains_add_up(toy, tmp_path):
  done = command(*toy, '--scheme=soft_l2')
  assert done.returncode == 0, done.stderr
  folder = tmp_path / 'w'
  long = pd.read_csv(folder / 'transfer.csv').query('split == "test"')
  assert len(long) == 2 * 2
  sign = np.where(long.metric == 'auc', 1, -1)
  single = long.groupby('task').single.transform('mean')
  gain = 100 * sign * (long.value - long.single) / single.abs()
  np.testing.assert_allclose(long.gain, gain)
  table = pd.read_csv(folder / 'gains.csv').set_index('task')
  assert table.gain.to_dict() == pytest.approx(
    long.groupby('task').gain.mean().to_dict()
  )
  assert 'soft_l2' in (folder / 'transfer.md').read_text()
  # On the same rows, a second training of single ends elsewhere.
  harmed = pd.read_csv(folder / 'negative.csv')
  assert set(harmed.task) == set(table.index)
  assert (harmed.differ > 0).all()
  assert (folder / 'matrix.png').stat().st_size > 1000
  kept = {p: p.read_bytes() for p in folder.glob('cells/*/records.jsonl')}
  assert len(kept) == 3  # single twice, and the pair
  result = mtl.transfer(str(tmp_path / 'toy.py'), 'soft_l2', workdir=folder)
  text = result.table.to_csv(index=False, lineterminator='\n')
  assert text == (folder / 'gains.csv').read_text()
  assert len(result.groupings)
  assert [*result.figures] == ['matrix']
  again = command(*toy, '--scheme=soft_l2')
  assert again.stdout == done.stdout
  assert {p: p.read_bytes() for p in kept} == kept


def test_a_mistake_is_one_line_and_exit_code_2(toy, tmp_path):
  done = command(*toy, '--affinities=no.csv')
  assert (done.returncode, done.stdout) == (2, '')
  (line,) = done.stderr.splitlines()
  assert '--affinities=no.csv' in line
  assert 'no such file' in line
  assert not (tmp_path / 'w').exists()


def test_groups_are_of_two_to_all_tasks():
  assert len(transfer.groups_to_train(6)) == 2**6 - 6 - 1
  assert len(transfer.groups_to_train(7)) == 21
  assert len(transfer.groups_to_train(4, 3)) == 6 + 4
  with pytest.raises(InputError, match='--largest=3: .* 2 to 2'):
    transfer.groups_to_train(2, 3)
  with pytest.raises(InputError, match='two or more'):
    transfer.groups_to_train(1)


def errors(folder, scheme, own_rows, pairs=()):
  """Test errors `[seeds, tasks]` on two copies of one linear task."""
  c = default.get_config()
  c.dataset, c.scheme, c.own_rows = 'synthetic', scheme, own_rows
  knobs = {'related': 1.0, 'inputs': 20, 'rows': (100, 300, 1000)}
  c.datasets.synthetic.update(knobs | {'waves': 0, 'c': 1.0})
  c.encoders.mlp.widths = (2,)
  c.seeds, c.steps, c.evals, c.hp.lr = 4, 1500, 10, (3e-3,)
  cell = cells.make(c, build.data(c), pairs)
  (own,) = run.train([cell], folder)
  if pairs:
    (found,) = groups.load(own)
  else:
    found = groups.of_cell(report_cells.load(own))
  values = [found.values('test', task, 'rmse') for task in found.members]
  return np.array([[*v.values()] for v in values]).T


def test_a_copy_brings_what_its_labels_would_have_brought(tmp_path):
  """Each row has the label of one copy: together they know all rows."""
  few = errors(tmp_path, 'single', own_rows=True)
  every = errors(tmp_path, 'single', own_rows=False)
  pair = errors(tmp_path, 'hard', own_rows=True, pairs=((0, 1),))
  assert few.mean() > 1.5 * every.mean()
  gain = (few.mean() - pair.mean()) / (few.mean() - every.mean())
  assert 0.7 < gain < 1.1
  assert (pair.mean(1) < few.mean(1)).all()
