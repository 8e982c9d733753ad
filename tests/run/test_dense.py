"""A small table of maps: from pictures to metrics, files and predictions."""

import numpy as np
import pytest

from benchmarks.dense import __main__ as figures
from configs import default
from experiments import predict
from mtl_jax import cells, models, run
from mtl_jax.cells import build
from mtl_jax.errors import InputError
from mtl_jax.records import model_files
from mtl_jax.report import results
from tests import small

quick = small.quick


def config(tmp_path, **changes):
  c = default.get_config()
  c.dataset = 'rendered_scenes'
  own = {'num_train': 12, 'num_valid': 4, 'num_test': 5, 'size': 32}
  own |= {'tasks': ('segmentation', 'depth', 'normals', 'count')}
  c.datasets.rendered_scenes.update(own)
  c.data_dir = str(tmp_path / 'data')
  c.encoder = 'unet'
  c.encoders.unet.update({'widths': (2, 3), 'depth': 1})
  c.steps, c.evals, c.batch_size, c.seeds = 4, 2, 4, 2
  c.eval_batch_size = 2
  c.update(changes)
  return c


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
  folder = tmp_path_factory.mktemp('dense')
  c = config(folder, augment='scale_crop_flip')
  cell = cells.make(c, build.data(c))
  return cell, run.train([cell], folder)[0]


@pytest.fixture(scope='module')
def model(trained):
  return models.load(trained[1])


def test_metrics_are_those_of_the_predicted_maps(trained, model):
  """Of summaries that were made batch by batch on the device."""
  cell, folder = trained
  for data, reported in zip(
    cell.datas, results.load(folder).setting, strict=True
  ):
    found = model.evaluate(data.test, reported.seed)
    assert len(found) == 2 + 6 + 5 + len(cell.datas[0].tasks[3].metrics)
    for task, metric, value in found.itertuples(index=False):
      own = reported.test[task][metric]
      assert value == pytest.approx(own, abs=2e-3, rel=1e-3), metric


def test_a_finished_cell_keeps_summaries_of_maps(trained):
  cell, folder = trained
  kept = model_files.read_predictions(folder)
  assert kept['0/segmentation'].shape == (5, 13, 13)
  assert kept['0/segmentation'][0].sum() == 32 * 32
  assert kept['0/depth'].shape == (5, 7)
  assert kept['0/count'].shape == (5, 1)


def test_maps_of_new_pictures_have_their_size(trained, model):
  cell, folder = trained
  maps = model.maps(cell.datas[0].test.inputs)
  shapes = {name: own.shape for name, own in maps.items()}
  assert shapes == {
    'segmentation': (5, 32, 32),
    'depth': (5, 32, 32),
    'normals': (5, 32, 32, 3),
  }
  length = np.linalg.norm(maps['normals'], axis=-1)
  np.testing.assert_allclose(length, 1, atol=1e-4)


def test_maps_and_columns_go_to_files(trained, model, tmp_path):
  rows = trained[0].datas[0].test.inputs
  said = predict.write(model, rows, str(tmp_path / 'p.csv'), None)
  assert 'without the maps of segmentation, depth, normals' in said
  table = (tmp_path / 'p.csv').read_text().splitlines()
  assert table[0] == 'row,count,count_sd'
  assert len(table) == 1 + len(rows)
  predict.write(model, rows, str(tmp_path / 'p.npz'), 1)
  found, maps = np.load(tmp_path / 'p.npz'), model.maps(rows, 1)
  assert set(found) == {*maps, 'count'}
  np.testing.assert_array_equal(found['depth'], maps['depth'])


def test_maps_are_drawn_beside_the_truth(trained):
  workdir = trained[1].parents[1]
  assert figures.main([f'--workdir={workdir}', '--pictures=2']) == 0
  assert (workdir / 'figures' / 'maps_hard.png').stat().st_size > 1000


def test_activations_may_be_computed_again(tmp_path):
  """The losses are the same but for rounding, and the cell is another one."""
  found = []
  for remat in (False, True):
    c = config(tmp_path, remat=remat, seeds=1, evals=1, steps=2)
    cell = cells.make(c, build.data(c))
    folder = run.train([cell], tmp_path)[0]
    found.append((cell.hash, results.load(folder).setting[0].test))
  (one, before), (other, after) = found
  assert one != other
  for task, metrics in before.items():
    assert metrics['loss'] == pytest.approx(after[task]['loss'], rel=1e-3)


def test_an_encoder_without_a_dense_head_is_refused(tmp_path):
  c = config(tmp_path, encoder='resnet')
  with pytest.raises(InputError, match="'resnet' has no dense head"):
    cells.make(c, build.data(c))
  c = config(tmp_path)
  c.datasets.rendered_scenes.tasks = ('count',)
  with pytest.raises(InputError, match="'unet' makes maps"):
    cells.make(c, build.data(c))
