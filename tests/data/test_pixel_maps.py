"""Maps of pictures: their forms, bad files, and what is prepared of them."""

import pickle
import shutil

import numpy as np
import pytest

from mtl_jax.data.raw import map_folders, map_store, miniatures, pixel_maps
from mtl_jax.data.standard import nyuv2
from mtl_jax.errors import InputError


@pytest.fixture
def folder(tmp_path):
  """Folders of 6 and 4 pictures of 16 x 16 pixels."""
  miniatures.folders(tmp_path / 'files', nyuv2.NAMES, nyuv2.CLASSES)
  return tmp_path / 'files'


def find(folder):
  return map_folders.find(folder, nyuv2.NAMES, nyuv2.CLASSES, 'see the page')


def read(folder):
  """Everything, prepared in a folder beside the files."""
  return map_store.arrays(folder.parent / 'home', 'nyuv2', find(folder))


def test_arrays_have_the_maps_of_every_file(folder):
  arrays = read(folder)
  assert {k: v.dtype for k, v in arrays.items()} == {
    'image': np.uint8,
    'segmentation': np.int8,
    'depth': np.float16,
    'normals': np.float16,
    'known': bool,
  }
  for row, (split, number) in enumerate([('train', 5), ('val', 0)], 5):
    own = folder / split
    image = np.load(own / 'image' / f'{number}.npy')
    np.testing.assert_allclose(arrays['image'][row] / 255, image, atol=0.002)
    label = np.load(own / 'label' / f'{number}.npy')
    np.testing.assert_array_equal(arrays['segmentation'][row], label)
    depth = np.load(own / 'depth' / f'{number}.npy')[..., 0]
    np.testing.assert_allclose(arrays['depth'][row], depth, rtol=5e-4)
    normal = np.load(own / 'normal' / f'{number}.npy')
    np.testing.assert_allclose(arrays['normals'][row], normal, atol=5e-4)


def test_a_map_without_a_label_is_missing(folder):
  path = folder / 'train' / 'depth' / '2.npy'
  np.save(path, np.zeros((16, 16, 1)))
  known = read(folder)['known']
  assert known.sum() == known.size - 1
  assert not known[2, 1]


def test_prepared_arrays_are_mapped_and_healed(folder, capsys, monkeypatch):
  first = {name: np.array(values) for name, values in read(folder).items()}
  assert isinstance(read(folder)['image'].base, np.memmap)
  prepared = next((folder.parent / 'home').rglob('depth.npy'))
  with prepared.open('r+b') as file:
    file.seek(200)
    file.write(b'xyz')
  map_store._damage.cache_clear()  # as another process would see it
  again = read(folder)
  said = capsys.readouterr().err.splitlines()
  assert len(said) == 1
  assert 'depth.npy is damaged' in said[0]
  for name, values in first.items():
    np.testing.assert_array_equal(again[name], values)
  # Nothing is read again while files are as they were.
  monkeypatch.setattr(pixel_maps, 'npy', None)
  read(folder)


def test_what_was_interrupted_leaves_nothing(folder, monkeypatch):
  path = folder / 'val' / 'image' / '3.npy'
  whole = path.read_bytes()
  path.write_bytes(whole[:150])
  with pytest.raises(InputError, match=r'3\.npy is no plain \.npy array'):
    read(folder)
  home = folder.parent / 'home' / map_store.FOLDER
  assert not [p for p in home.iterdir() if p.suffix != '.lock']


def test_all_is_in_memory_where_nothing_can_be_stored(
  folder, capsys, monkeypatch
):
  stored = read(folder)
  shutil.rmtree(folder.parent / 'home')
  monkeypatch.setattr(map_store.os, 'access', lambda *_: False)
  arrays = read(folder)
  assert 'is in memory: ' in capsys.readouterr().err
  for name, values in arrays.items():
    np.testing.assert_array_equal(values, np.array(stored[name]))


class Harmful:
  """Raises when it is unpickled."""

  def __reduce__(self):
    return exec, ("raise RuntimeError('it was loaded')",)


@pytest.mark.parametrize('plain', [True, False])
def test_no_pickle_is_loaded(folder, plain):
  path = folder / 'train' / 'label' / '1.npy'
  if plain:
    path.write_bytes(pickle.dumps(Harmful()))
  else:
    np.save(path, np.array([Harmful()], object), allow_pickle=True)
  with pytest.raises(InputError, match=r'label/1\.npy .* not loaded'):
    read(folder)


BAD = {
  'one more class': ('label', np.full((16, 16), 13), 'from 0 to 12'),
  'no whole label': ('label', np.full((16, 16), 0.5), 'is 0.5; classes'),
  'label below -1': ('label', np.full((16, 16), -2), 'is -2; classes'),
  'NaN label': ('label', np.full((16, 16), np.nan), 'must be finite'),
  'infinite depth': ('depth', np.full((16, 16, 1), np.inf), 'is inf; depth'),
  'negative depth': ('depth', np.full((16, 16), -1.0), 'is -1; depth'),
  'long normals': ('normal', np.ones((16, 16, 3)), 'a vector of length 1.7'),
  'two numbers': ('normal', np.ones((16, 16, 2)), r'\[height, width, 3\]'),
  'bright': ('image', np.full((16, 16, 3), 200.0), 'floats from 0 to 1'),
  'integers': ('image', np.zeros((16, 16, 3), int), 'of type int64; give'),
  'another size': ('depth', np.ones((8, 16)), 'depth is 8 x 16 pixels'),
}


@pytest.mark.parametrize('case', BAD)
def test_a_bad_map_is_one_line_that_names_its_file(folder, case):
  name, values, match = BAD[case]
  np.save(folder / 'train' / name / '4.npy', values)
  with pytest.raises(InputError, match=match) as raised:
    read(folder)
  assert 'train/' in str(raised.value)
  assert '4.npy' in str(raised.value)


def test_normals_are_made_unit():
  values = np.array([[[0, 0.3, 0.4], [0, 0, 0]]])
  found = pixel_maps.normals(values, 'here')
  np.testing.assert_allclose(found[0], [[0, 0.6, 0.8], [0, 0, 0]], atol=5e-4)


def test_a_missing_file_or_folder_is_one_line(folder):
  (folder / 'train' / 'depth' / '5.npy').unlink()
  with pytest.raises(InputError, match=r'has 5 files and .* has 6'):
    find(folder)
  (folder / 'train' / 'depth' / '2.npy').unlink()
  with pytest.raises(InputError, match=r'no file .*depth/2\.npy.*the page'):
    find(folder)
  shutil.rmtree(folder / 'train' / 'depth')
  with pytest.raises(InputError, match=r'no folder .*train/depth.*the page'):
    find(folder)
