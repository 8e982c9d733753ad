"""Miniature files of each data set, written once."""

import importlib
import shutil

import pytest

from mtl_jax import data

NAMES = 'celeba', 'office31', 'office_home', 'cifar100', 'multi_mnist'
FEW = {'num_train': 60, 'num_valid': 15, 'num_test': 12}
FIELDS = {
  **dict.fromkeys(NAMES[:3], {'size': 8}),
  'cifar100': {},
  'multi_mnist': FEW,
}


@pytest.fixture(scope='session')
def written(tmp_path_factory):
  """A function: the folder of the miniature files of a data set."""
  folders = {}

  def write(name):
    if name not in folders:
      module = importlib.import_module(f'mtl_jax.data.standard.{name}')
      folder = tmp_path_factory.mktemp(name)
      module.miniature(folder)
      folders[name] = folder
    return folders[name]

  return write


@pytest.fixture
def copied(written, tmp_path):
  """A function: a copy of these files, to be damaged."""

  def copy(name):
    return shutil.copytree(written(name), tmp_path / name)

  return copy


@pytest.fixture
def load(written, data_dir):
  """A function: a data set of miniature files, or of those in a folder."""

  def of(name, seed=None, folder=None, **fields):
    own = {'published': False, 'data_dir': data_dir, **FIELDS[name], **fields}
    files = str(folder or written(name))
    path = f'mtl_jax.data.standard.{name}'
    return data.load(path, split_seed=seed, files=files, **own)

  return of
