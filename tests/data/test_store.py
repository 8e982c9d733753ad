"""Prepared once, even by two processes; read back as it was written."""

import pathlib
import random
import subprocess
import sys

import numpy as np
import pytest
import tensorflow_datasets as tfds

from mtl_jax.data import store
from mtl_jax.data.checking import prepared
from mtl_jax.errors import InputError
from mtl_jax.records import digests
from tests.faults.damage import harm


def test_arrays_give_back_what_was_written(little):
  table = store.arrays(store.prepare(little), 'train+validation')
  assert len(table['ph']) == 40
  np.testing.assert_array_equal(table['image'][7], np.full((4, 4, 1), 7))
  assert table['image'].dtype == np.uint8
  assert table['origin/depth'].tolist() == [100 * i for i in range(40)]
  assert table['note'][3] == b'red apple number3'
  assert np.isnan(table['yield'][5])


def test_second_reading_comes_from_the_cache(little, monkeypatch):
  reader = store.prepare(little)
  first = store.arrays(reader, 'test')
  monkeypatch.setattr(store, '_decode', None)  # would fail if called
  second = store.arrays(reader, 'test')
  for key, values in first.items():
    np.testing.assert_array_equal(values, second[key])


def test_slices_of_a_split_are_cached_apart(little):
  reader = store.prepare(little)
  assert len(store.arrays(reader, 'train[:10]')['ph']) == 10
  assert len(store.arrays(reader, 'train[10:]')['ph']) == 20


def test_prepared_data_are_not_built_again(little, monkeypatch):
  store.prepare(little)
  monkeypatch.setattr(store, '_generate', None)  # would fail if called
  assert store.prepare(little).info.splits['train'].num_examples == 30


def test_a_format_that_needs_tensorflow_is_refused(make_builder):
  number = {'x': tfds.features.Scalar(np.int64)}
  builder = make_builder(number, {'train': [{'x': 1}]}, 'tfrecord')
  with pytest.raises(InputError, match='file_format="array_record"'):
    store.prepare(builder)


def test_unknown_split_names_the_nearest(little):
  with pytest.raises(InputError, match="did you mean 'validation'"):
    store.arrays(store.prepare(little), 'validatoin')


def test_ragged_rows_are_refused_by_name(make_builder):
  ragged = {'x': tfds.features.Sequence(tfds.features.Scalar(np.int64))}
  rows = {'train': [{'x': [1, 2]}, {'x': [3]}]}
  reader = store.prepare(make_builder(ragged, rows))
  with pytest.raises(InputError, match="'x' has rows of many lengths"):
    store.arrays(reader, 'train')


def test_data_folder_that_is_a_file_is_one_clear_line(tmp_path, make_builder):
  (tmp_path / 'little').write_text('in the way')
  number = {'x': tfds.features.Scalar(np.int64)}
  with pytest.raises(InputError, match='cannot write there'):
    store.prepare(make_builder(number, {'train': [{'x': 1}]}))


def test_two_processes_may_prepare_at_once(tmp_path):
  code = (
    'import sys; from mtl_jax.data import multi_digits; '
    'print(multi_digits.read(sys.argv[1])["label"].sum())'
  )
  command = [sys.executable, '-c', code, str(tmp_path)]
  pipes = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE}
  both = [subprocess.Popen(command, text=True, **pipes) for _ in range(2)]
  said = [process.communicate(timeout=120) for process in both]
  assert [process.returncode for process in both] == [0, 0], said
  assert said[0][0] == said[1][0] == '8070\n'


@pytest.mark.parametrize('kind', harm.KINDS)
@pytest.mark.parametrize('name', ['decoded-*.npz', '*.array_record*', '*.json'])
def test_damaged_data_are_made_again(little, capsys, name, kind):
  whole = store.arrays(store.prepare(little), 'train')
  folder = pathlib.Path(little.data_path)
  path = sorted(folder.glob(name))[0]
  before = path.read_bytes()
  harm.damage(path, kind, random.Random(0))
  prepared._problem.cache_clear()  # as in another process
  again = store.arrays(store.prepare(little), 'train')
  for key, values in whole.items():
    np.testing.assert_array_equal(values, again[key])
  assert f'{path} is damaged' in capsys.readouterr().err
  assert path.read_bytes() == before or '.array_record' in path.name


def test_damaged_data_stay_where_raw_files_are_gone(little, tmp_path):
  store.prepare(little)
  path = next(pathlib.Path(little.data_path).glob('features.json'))
  path.write_bytes(path.read_bytes()[:-1])
  prepared._problem.cache_clear()  # as in another process
  with pytest.raises(InputError, match='no raw files'):
    store.prepare(little, tmp_path / 'none')
  assert path.exists()


def test_data_of_an_earlier_version_have_no_digests(little, capsys):
  whole = store.arrays(store.prepare(little), 'train')
  capsys.readouterr()
  for path in pathlib.Path(little.data_path).glob('*.digest.json'):
    path.unlink()
  prepared._problem.cache_clear()
  again = store.arrays(store.prepare(little), 'train')
  np.testing.assert_array_equal(whole['ph'], again['ph'])
  assert capsys.readouterr().err == ''
  # A power failure may have left an empty one.
  next(pathlib.Path(little.data_path).glob('decoded-*')).write_bytes(b'')
  again = store.arrays(little, 'train')
  np.testing.assert_array_equal(whole['ph'], again['ph'])
  assert 'cannot be read' in capsys.readouterr().err


@pytest.mark.parametrize('name', ['set/1.0.0', 'set/small/1.0.0'])
def test_a_damaged_description_is_removed(tmp_path, name, capsys):
  folder = tmp_path / name
  folder.mkdir(parents=True)
  info = folder / prepared.INFO
  info.write_text('{}')
  known = {'sha256': {info.name: digests.sha256(info)}}
  digests.write(digests.beside(folder / prepared.NAME), known)
  prepared.remove_damaged.__wrapped__(tmp_path)
  assert info.exists()
  info.write_text('{')
  prepared.remove_damaged.__wrapped__(tmp_path)
  assert not folder.exists()
  assert str(info) in capsys.readouterr().err
