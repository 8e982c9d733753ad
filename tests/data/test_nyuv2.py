"""NYUv2: both forms of its files, in miniature."""

import numpy as np
import pytest

from mtl_jax import data
from mtl_jax.data.raw import nyu_mat
from mtl_jax.data.standard import nyuv2
from mtl_jax.errors import InputError

NAME = 'mtl_jax.data.standard.nyuv2'


@pytest.fixture(scope='module')
def files(tmp_path_factory):
  folder = tmp_path_factory.mktemp('nyuv2')
  nyuv2.miniature(folder)
  return folder


@pytest.fixture
def load(files, tmp_path):
  """Of miniature files."""
  own = {'files': str(files), 'data_dir': str(tmp_path), 'published': False}
  return lambda seed=None, **fields: data.load(
    NAME, split_seed=seed, **{**own, 'valid': 0.34, **fields}
  )


def test_the_test_split_is_the_published_one(load):
  found = load(), load(0), load(1)
  for one in found:
    assert [len(s.mask) for s in one.splits.values()] == [4, 2, 4]
    np.testing.assert_array_equal(one.test.rows, np.arange(6, 10))
    assert {*one.train.rows, *one.valid.rows} == {*range(6)}
  assert len({tuple(one.valid.rows) for one in found}) > 1
  assert [t.num_outputs for t in found[0].tasks] == [13, 1, 3]


def test_validation_pictures_may_be_trained_on(load):
  one = load(train_on_valid=True)
  np.testing.assert_array_equal(one.train.rows, np.arange(6))
  assert 'trained on' in one.card.notes


def test_tasks_are_chosen_in_any_order(load):
  found = load(tasks=('depth', 'segmentation'))
  assert [t.name for t in found.tasks] == ['depth', 'segmentation']
  assert [x.ndim for x in found.test.labels] == [3, 3]
  assert found.test.labels[0].dtype == np.float16


def test_the_official_files_have_the_same_form(load):
  found = load(form='mat')
  assert [t.name for t in found.tasks] == ['segmentation', 'depth']
  assert found.train.inputs.shape == (4, 16, 16, 3)


def test_official_pictures_are_turned_mapped_and_split(files):
  import h5py

  found = nyu_mat.find(files, (16, 16))
  assert found.counts == (6, 4)
  with h5py.File(files / nyu_mat.FILES[0]) as file:
    # The split of the miniature has pictures 5 to 10, then 1 to 4.
    depth, label = file['depths'][4].T, file['labels'][4].T
  one = found.read(0)
  np.testing.assert_allclose(one['depth'], depth, rtol=5e-4)
  to_13 = np.append(0, nyu_mat.TO_13)
  np.testing.assert_array_equal(one['segmentation'], to_13[label] - 1)
  small = nyu_mat.find(files, (8, 4)).read(0)
  assert small['image'].shape == (8, 4, 3)
  assert {*np.unique(small['depth'])} <= {*np.unique(one['depth'])}


def test_the_classes_are_all_thirteen():
  assert {*nyu_mat.TO_13} == {*range(1, 14)}
  assert len(nyu_mat.TO_13) == 40


REFUSED = {
  'form': ({'form': 'matt'}, "form is 'matt'; did you mean 'mat'"),
  'task': ({'tasks': ('dept',)}, "'dept'; did you mean 'depth'"),
  'twice': ({'tasks': ('depth', 'depth')}, 'name each task once'),
  'no normals': ({'form': 'mat', 'tasks': ('normals',)}, "'normals'; valid"),
  'counts': ({}, 'has 6 training pictures and the published split has 795'),
  'nowhere': ({'files': '/nowhere'}, 'no folder .*image; .* MTAN project'),
  'no mat': ({'files': '/nowhere', 'form': 'mat'}, 'no file .*labeled.mat;'),
}


@pytest.mark.parametrize('case', REFUSED)
def test_other_fields_and_files_are_one_line(files, tmp_path, case):
  fields, match = REFUSED[case]
  own = {'files': str(files), 'data_dir': str(tmp_path)}
  with pytest.raises(InputError, match=match):
    nyuv2.load(**{**own, **fields})


@pytest.mark.parametrize('name', nyu_mat.FILES)
def test_a_damaged_official_file_is_one_line(files, tmp_path, name):
  for own in nyu_mat.FILES:
    whole = (files / own).read_bytes()
    (tmp_path / own).write_bytes(whole[:100] if own == name else whole)
  with pytest.raises(InputError, match=name):
    nyu_mat.find(tmp_path)


def test_a_share_that_leaves_nothing_is_one_line(load):
  for share in (0.0, 1.0, 0.01):
    with pytest.raises(InputError, match=r'nyuv2\.valid is'):
      load(valid=share)
