"""New rows of a file are predicted by a cell, or a line says why not."""

import types

import numpy as np
import pandas as pd
import pytest

from experiments import cli, predict
from mtl_jax.errors import InputError
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
  ('words', 'workdir', 'message'),
  [
    ((), None, 'give the folder of a cell and a file'),
    (('{0}', '{0}/none.csv'), None, 'no such file'),
    (('{0}/model.json',), '{0}', '--workdir needs --scheme'),
  ],
)
def test_what_is_missing_is_said(folder, monkeypatch, words, workdir, message):
  named = types.SimpleNamespace(value=workdir)
  monkeypatch.setattr(cli, 'WORDS', [word.format(folder) for word in words])
  monkeypatch.setattr(cli, 'WORKDIR', named)
  monkeypatch.setattr(cli, 'SCHEME', types.SimpleNamespace(value=None))
  with pytest.raises(InputError, match=message):
    predict.check()


def test_a_word_too_many_needs_no_jax(folder):
  words = str(folder), f'{folder}/model.json', 'x'
  (line, code), modules = begun('experiments.predict', *words)
  assert "unexpected argument 'x'" in line
  assert code == 'code 2'
  assert 'jax' not in modules
