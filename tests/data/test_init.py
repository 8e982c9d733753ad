"""Data sets are chosen by file name; slips name the nearest."""

import importlib
import inspect
import subprocess
import sys

import pytest

from mtl_jax import data
from mtl_jax.errors import InputError


def test_every_name_is_a_data_set_and_no_helper_is():
  known = {'actg175', 'multi_digits', 'sentiment_topic', 'tfds'}
  assert known <= set(data.names())
  for name in data.names():
    load = importlib.import_module(f'mtl_jax.data.{name}').load
    fields = inspect.signature(load).parameters
    assert list(fields)[:3] == ['split_seed', 'data_dir', 'files']
    assert all(f.default is not f.empty for f in fields.values())


def test_load_passes_the_fields_on(data_dir):
  loaded = data.load(
    'multi_digits', data_dir=data_dir, num_train=30, num_valid=10, num_test=10
  )
  assert loaded.card.counts['train'] == 30


def test_a_slip_in_the_name_names_the_nearest():
  with pytest.raises(InputError, match="did you mean 'actg175'"):
    data.load('actg17')
  with pytest.raises(InputError, match="unknown name 'base' in data"):
    data.load('base')
  with pytest.raises(InputError, match="unknown name 'text'"):
    data.load('text')


def test_an_unknown_field_names_the_nearest():
  with pytest.raises(InputError, match="did you mean 'num_train'"):
    data.load('multi_digits', num_trian=3)


def test_a_data_set_of_ones_own_is_a_file_anywhere(tmp_path, monkeypatch):
  (tmp_path / 'lab').mkdir()
  (tmp_path / 'lab' / 'mine.py').write_text('def load(size=1): return size')
  (tmp_path / 'lab' / 'empty.py').write_text('')
  monkeypatch.syspath_prepend(tmp_path)
  assert data.load('lab.mine', size=4) == 4
  with pytest.raises(InputError, match='did you mean'):
    data.load('lab.mine', sise=4)
  with pytest.raises(InputError, match='lab.empty has no load'):
    data.load('lab.empty')
  with pytest.raises(InputError, match="no module 'lab.other'"):
    data.load('lab.other')


def test_the_package_itself_imports_nothing_heavy():
  code = (
    'import sys, mtl_jax.data; '
    'sys.exit(bool({"jax", "tensorflow_datasets"} & set(sys.modules)))'
  )
  assert subprocess.run([sys.executable, '-c', code]).returncode == 0
