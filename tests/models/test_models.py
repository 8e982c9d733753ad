"""A finished cell is a model: it predicts what it was tested on."""

import numpy as np
import pytest

from configs import default
from mtl_jax import cells, models, run
from mtl_jax.cells import build
from mtl_jax.records import model_files
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


def trained(folder, **changes):
  """A cell with these changes, and its folder."""
  c = config(**changes)
  cell = cells.make(c, build.data(c))
  return cell, run.train([cell], folder)[0]


CASES = {
  'hard': {},
  'towers at two settings': {'scheme': 'single', 'hp': {'lr': (1e-2, 1e-3)}},
  'in chunks': {'hp': {'lr': (1e-3, 1e-2)}, 'parallel': '3'},
  'per task': {'checkpoint_per': 'task'},
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
