"""A finished cell is a model: it predicts what it was tested on."""

import json

import numpy as np
import pandas as pd
import pytest

from configs import default
from mtl_jax import cells, models, records, run
from mtl_jax.cells import build
from mtl_jax.data import frame as data_frame
from mtl_jax.errors import InputError
from mtl_jax.models import folders
from mtl_jax.records import digests, model_files
from tests import small

quick = small.quick


def config(**changes):
  c = default.get_config()
  c.dataset = 'tests.toy'
  c.encoders.mlp.widths = (4,)
  c.steps, c.evals, c.batch_size, c.seeds = 12, 3, 8, 2
  c.hp.lr = (1e-2,)
  c.update(changes)
  return c


def trained(folder, load=None, **changes):
  """A cell with these changes, and its folder."""
  c = config(**changes)
  cell = cells.make(c, build.data(c, load))
  return cell, run.train([cell], folder)[0]


CASES = {
  'hard': {},
  'towers at two settings': {'scheme': 'single', 'hp': {'lr': (1e-2, 1e-3)}},
  'in chunks': {'hp': {'lr': (1e-3, 1e-2)}, 'parallel': '3'},
  'a task at a time': {'checkpoint_per': 'task'},
}


@pytest.fixture(scope='module', params=CASES)
def case(request, tmp_path_factory):
  return trained(tmp_path_factory.mktemp('cell'), **CASES[request.param])


def test_a_model_predicts_what_its_cell_was_tested_on(case):
  cell, folder = case
  model = models.load(folder)
  kept = model_files.read_predictions(folder)
  assert kept['seeds'].tolist() == [0, 1] == list(model.seeds)
  for data, seed in zip(cell.datas, model.seeds, strict=True):
    found = model.predict(data.test.inputs, seed)
    np.testing.assert_array_equal(kept[f'{seed}/rows'], data.test.rows)
    assert list(found) == ['sum', 'first=1']
    for task, column in (('sum', 'sum'), ('first', 'first=1')):
      own = kept[f'{seed}/{task}'][:, 0]
      np.testing.assert_allclose(found[column], own, atol=1e-5)


def test_it_has_the_metrics_of_the_report(case):
  """So it has the settings and the steps that the report selects, too."""
  from mtl_jax.report import results

  cell, folder = case
  model, runs = models.load(folder), results.load(folder).setting
  for data, reported in zip(cell.datas, runs, strict=True):
    found = model.evaluate(data.test, reported.seed)
    for task, metric, value in found.itertuples(index=False):
      assert value == pytest.approx(reported.test[task][metric], abs=1e-4)


@pytest.fixture(scope='module')
def table(tmp_path_factory):
  """A model of a table with a category, and the table."""
  draw = np.random.default_rng(0)
  x, group = draw.normal(size=80), draw.choice(['a', 'b'], 80)
  rows = pd.DataFrame(
    {
      'x': x,
      'group': group,
      'pounds': 500 + 30 * x + 9 * draw.normal(size=80),
      'visits': draw.poisson(2, 80),
      'grade': draw.choice(['high', 'low', 'mid'], 80),
    }
  )
  tasks = 'pounds:regression', 'visits:count', 'grade:multiclass'
  data = data_frame(rows, tasks)
  cell, folder = trained(tmp_path_factory.mktemp('table'), data)
  return cell, models.load(folder), rows


def test_predictions_have_the_units_and_classes_of_the_table(table):
  cell, model, rows = table
  found = model.predict(rows)
  classes = [f'grade={name}' for name in ('high', 'low', 'mid')]
  plain = ['pounds', 'visits', *classes]
  spread = [f'{name}_sd' for name in plain]
  assert list(found) == [
    n for pair in zip(plain, spread, strict=True) for n in pair
  ]
  np.testing.assert_allclose(found[classes].sum(axis=1), 1, rtol=1e-5)
  assert (found['visits'] > 0).all()
  kept = model.stored.predictions
  each = [model.predict(rows, seed)['pounds'] for seed in (0, 1)]
  np.testing.assert_allclose(found['pounds'], sum(each) / 2, rtol=1e-5)
  for seed, own in enumerate(each):
    test = kept[f'{seed}/rows']
    np.testing.assert_allclose(
      own[test], kept[f'{seed}/pounds'][:, 0], rtol=1e-5
    )
  assert 400 < found['pounds'].mean() < 600
  # Another index, and another order of columns, as users have them.
  moved = rows[rows.columns[::-1]].set_index(pd.Index(range(7, 87)))
  assert model.predict(moved).index[0] == 7
  np.testing.assert_array_equal(model.predict(moved), found)


def test_errors_have_the_unit_of_the_label(table):
  _, model, rows = table
  found = model.evaluate(rows).set_index(['task', 'metric'])['mean']
  guess = [model.predict(rows, seed)['pounds'] for seed in (0, 1)]
  rmse = [np.sqrt(np.square(own - rows['pounds']).mean()) for own in guess]
  assert found['pounds', 'rmse'] == pytest.approx(np.mean(rmse), rel=1e-4)


def test_saved_and_loaded_it_is_the_same(table, tmp_path):
  _, model, rows = table
  model.save(tmp_path / 'saved')
  again = models.load(tmp_path / 'saved')
  np.testing.assert_array_equal(again.predict(rows), model.predict(rows))
  assert model.features(rows).shape == (80, 4)
  (tmp_path / 'saved' / 'own.txt').write_text('')
  model.save(tmp_path / 'saved')  # the same model again
  with pytest.raises(InputError, match='other files'):
    model.save(tmp_path)


def test_safetensors_need_nothing_of_this_package(table, tmp_path):
  """The network is computed anew from the file's arrays, by NumPy."""
  from safetensors import safe_open
  from safetensors.numpy import load_file

  _, model, rows = table
  model.to_safetensors(tmp_path / 'm.safetensors', seed=1)
  p = load_file(tmp_path / 'm.safetensors')
  with safe_open(tmp_path / 'm.safetensors', 'numpy') as file:
    said = file.metadata()
  assert said['format'] == 'mtl_jax 1'
  (pounds, *_), data = json.loads(said['tasks']), json.loads(said['data'])
  assert pounds == {'name': 'pounds', 'kind': 'regression', 'fields': {}}
  x = model._encoding(1).inputs(rows)
  for name in ('shared_encoder/stage_0', 'head_0'):
    x = x @ p[f'{name}/Dense_0/kernel'] + p[f'{name}/Dense_0/bias']
    x = np.maximum(x, 0) if name != 'head_0' else x
  scale = data['scales'][0]
  own = scale['mean'] + scale['std'] * x[:, 0]
  np.testing.assert_allclose(own, model.predict(rows, 1)['pounds'], rtol=1e-5)


def test_rows_that_do_not_fit_are_refused(table, case):
  _, model, rows = table
  with pytest.raises(InputError, match='group'):
    model.predict(rows.drop(columns='group'))
  other = models.load(case[1])
  with pytest.raises(InputError, match='no recipe for columns'):
    other.predict(rows)
  with pytest.raises(InputError, match=r'takes float32 \[N, 3\]'):
    other.predict(np.zeros((5, 4)))
  with pytest.raises(InputError, match='row 4 has a value that is not finite'):
    other.predict(
      np.where(np.arange(5)[:, None] < 4, 0, np.full((5, 3), np.nan))
    )
  with pytest.raises(InputError, match='no seed 7'):
    other.predict(np.zeros((5, 3)), seed=7)


def test_what_is_no_model_is_said(tmp_path, table):
  cell, model, _ = table
  pickled = tmp_path / 'model'
  pickled.write_bytes(b'\x80\x04.')
  cases = {
    pickled: 'a pickle, which is never loaded',
    tmp_path / 'none': 'does not exist',
    tmp_path: 'no model: it has no model.json',
  }
  model.save(tmp_path / 'later')
  path = tmp_path / 'later' / 'model.json'
  digests.write(path, digests.read(path, '') | {'format': 2})
  cases[tmp_path / 'later'] = 'a model of format 2'
  torn = tmp_path / 'torn'
  torn.mkdir()
  (torn / 'model.json').write_text('{"format": 1}')
  cases[torn] = "lacks 'arrays': it is damaged"
  swept = tmp_path / 'swept'
  records.append(swept, {'kind': 'cell', 'scheme': 'hard'}, {'kind': 'done'})
  cases[swept] = '--config.keep=best'
  records.append(tmp_path / 'begun', {'kind': 'cell', 'scheme': 'hard'})
  cases[tmp_path / 'begun'] = 'not trained to its end'
  for folder, text in cases.items():
    with pytest.raises(InputError, match=text):
      models.load(folder)


def test_a_cell_is_found_by_its_scheme(case):
  cell, folder = case
  workdir = folder.parents[1]
  assert folders.find(workdir, cell.config.scheme) == folder
  with pytest.raises(InputError, match=f'it has {cell.config.scheme}'):
    folders.find(workdir, 'mmoe')
  with pytest.raises(InputError, match='is a workdir'):
    models.load(workdir)
