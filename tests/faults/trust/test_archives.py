"""Hostile archives and files of arrays: one line, nothing written, bounded."""

import gzip
import hashlib
import os
import random
import tracemalloc

import pytest

from experiments import predict
from mtl_jax.cells import initial
from mtl_jax.data import files
from mtl_jax.data.raw import census, fashion_mnist, opened, unpacked
from mtl_jax.errors import InputError
from tests.faults.trust import hostile

BUDGET = 4 * 2**20  # bytes


@pytest.fixture(autouse=True)
def nothing_written(tmp_path, monkeypatch):
  """Whatever is read, these folders stay as they are."""
  (tmp_path / 'in').mkdir()
  (tmp_path / 'cwd').mkdir()
  monkeypatch.chdir(tmp_path / 'cwd')
  monkeypatch.setattr(unpacked, 'LARGEST', BUDGET)
  yield
  assert sorted(os.listdir(tmp_path)) == ['cwd', 'in']
  assert os.listdir(tmp_path / 'cwd') == []


def written(tmp_path, name, data):
  path = tmp_path / 'in' / name
  path.write_bytes(data)
  return path


def refused(function, *given):
  """The message, which is one line; None where it was read."""
  try:
    function(*given)
  except InputError as error:
    message = str(error)
  else:
    return None
  assert '\n' not in message
  return message


def found(folder):
  return opened.find(folder, hostile.NAME, census.ARCHIVES, census.REMEDY)[1]


def test_hostile_archives_give_the_file_or_one_line(tmp_path):
  """What has a path is read in memory; all else is refused."""
  for fault, name, data in hostile.archives(str(tmp_path / 'outside')):
    path = written(tmp_path, name, data)
    del data
    tracemalloc.start()
    message = refused(found, path.parent)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (message is None) == fault.endswith(hostile.NAME), fault
    assert message is None or str(path.parent) in message, fault
    assert peak < 5 * BUDGET, fault
    path.unlink()


@pytest.mark.parametrize('seed', range(20))
def test_a_damaged_archive_is_told_or_harmless(tmp_path, seed):
  for _, name, data in hostile.damaged(random.Random(seed)):
    path = written(tmp_path, name, data)
    if refused(found, path.parent) is None:
      assert found(path.parent) == hostile.ROWS
    path.unlink()


@pytest.mark.parametrize(
  'case', ['tar: link', 'tar: bomb', 'tar: device', 'zip: another file']
)
def test_a_pinned_archive_without_its_member_is_one_line(tmp_path, case):
  every = hostile.archives(str(tmp_path / 'outside'))
  _, name, data = next(one for one in every if one[0] == case)
  written(tmp_path, name, data)
  sha256 = hashlib.sha256(data).hexdigest()
  source = files.Source('toy==1', name, sha256, hostile.NAME, '0' * 64, ())
  message = refused(files.member, source, tmp_path / 'in')
  assert 'cannot be read' in message
  assert files.FETCH in message


def test_an_archive_with_another_digest_is_not_opened(tmp_path, monkeypatch):
  written(tmp_path, hostile.ZIP, hostile.zipped((hostile.NAME, hostile.ROWS)))
  source = files.Source('toy==1', hostile.ZIP, '0' * 64, hostile.NAME, '', ())
  monkeypatch.setattr(unpacked.Budget, 'members', None)
  assert 'expected 000' in refused(files.member, source, tmp_path / 'in')


def test_a_bomb_for_pictures_is_refused(tmp_path, monkeypatch):
  monkeypatch.setattr(fashion_mnist, 'LARGEST', BUDGET)
  for name in fashion_mnist.SHA256:
    written(tmp_path, name, gzip.compress(bytes(hostile.BOMB)))
  message = refused(fashion_mnist.read, str(tmp_path / 'in'))
  assert 'unpacks to more than 4,194,304 bytes' in message


def test_hostile_npz_files_are_one_line(tmp_path):
  for fault, data in hostile.npz(str(tmp_path / 'outside')):
    path = written(tmp_path, 'a.npz', data)
    assert refused(initial.read, str(path)), fault
    assert refused(predict.read, str(path)), fault


def test_hostile_safetensors_files_are_one_line(tmp_path):
  for fault, data in hostile.safetensors():
    path = written(tmp_path, 'a.safetensors', data)
    assert refused(initial.read, str(path)), fault
