"""New rows of a file are predicted by a cell, or a line says why not."""

import numpy as np
import pandas as pd
import pytest

from mtl_jax.models import load
from tests.experiments.test_start import begun
from tests.models.test_models import trained


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  return trained(tmp_path_factory.mktemp('workdir'))[1]


def test_a_file_of_rows_is_predicted(folder, tmp_path):
  rows = np.float32(np.random.default_rng(1).normal(size=(600, 3)))
  np.save(tmp_path / 'rows.npy', rows)
  out = tmp_path / 'own.csv'
  named = f'--workdir={folder.parents[1]}', '--scheme=hard', f'--out={out}'
  (*_, line, code), _ = begun(
    'experiments.predict', *named, f'{tmp_path}/rows.npy'
  )
  assert line == f'{out}: 600 rows, 2 networks of hard'
  assert code == 'code 0'
  found = pd.read_csv(out, index_col='row')
  assert list(found) == ['sum', 'sum_sd', 'first=1', 'first=1_sd']
  np.testing.assert_allclose(found, load(folder).predict(rows), rtol=1e-4)


@pytest.mark.parametrize(
  ('words', 'message'),
  [
    ((), 'give the folder of a cell and a file'),
    (('{0}', '{0}/none.csv'), 'no such file'),
    (('--workdir={0}', '{0}/model.json'), '--workdir needs --scheme'),
    (('{0}', '{0}/model.json', 'x'), "unexpected argument 'x'"),
    (('{0}', '{0}/model.json', '--out=/none/a.csv'), 'no folder /none'),
  ],
)
def test_what_cannot_be_done_is_said_at_once(folder, words, message):
  flags = [word.format(folder) for word in words]
  (line, code), modules = begun('experiments.predict', *flags)
  assert message in line
  assert code == 'code 2'
  assert 'jax' not in modules
