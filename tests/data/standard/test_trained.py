"""From files to a trained cell, by the config of each data set."""

import importlib

import pytest

from mtl_jax import cells, run
from mtl_jax.cells import build
from mtl_jax.report import results
from tests.data.standard.conftest import FIELDS, NAMES

LENET = {'channels': (4,), 'size': 3, 'width': 8}


def small(name, written, data_dir):
  """The config of a data set on its miniature, with a small network."""
  config = importlib.import_module(f'configs.{name}').get_config()
  config.files, config.data_dir = str(written(name)), data_dir
  config.datasets[name].update({'published': False, **FIELDS[name]})
  # What is learned of the squares is learned by less than what is published.
  config.encoder = 'lenet'
  config.encoders.lenet.update(LENET)
  config.schemes.hard.split_at = -1
  config.optimizer, config.schedule = 'adam', 'constant'
  config.epochs, config.steps, config.evals, config.seeds = 0.0, 30, 2, 1
  config.batch_size = 24
  config.hp.lr, config.hp.weight_decay = (1e-2,), (0.0,)
  build.check(config)
  return config


# Office-Home is read and cut by the code of Office-31.
@pytest.mark.parametrize('name', [n for n in NAMES if n != 'office_home'])
def test_files_become_a_trained_cell(name, written, data_dir, tmp_path):
  config = small(name, written, data_dir)
  (folder,) = run.train([cells.make(config, build.data(config))], tmp_path)
  found = results.load(folder)
  assert len(found.completed) == 1
  better = [
    found.values(task.name, 'accuracy')[0] > 1.2 / 2
    for task in found.tasks
    if name != 'multi_mnist'  # ten classes take longer
  ]
  assert sum(better) >= len(better) / 2


def test_office_home_becomes_a_cell(written, data_dir):
  config = small('office_home', written, data_dir)
  (data,) = build.data(config)
  assert len(data.sources) == len(data.tasks) == 4
  assert cells.make(config, [data]).identity['dataset']
