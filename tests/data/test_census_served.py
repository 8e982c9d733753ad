"""Census-Income (KDD) as it is served: compressed, or in an archive."""

import gzip
import io
import tarfile
import zipfile

import numpy as np
import pytest

from mtl_jax.data import census_income
from mtl_jax.data.raw import census
from mtl_jax.errors import InputError
from tests.data import census_files


@pytest.fixture(scope='module')
def mini(tmp_path_factory):
  return census_files.write(tmp_path_factory.mktemp('census'))


def load(folder):
  return census_income.load(files=str(folder), published=False)


@pytest.mark.parametrize('how', ['gz', 'tar.gz', 'zip'])
def test_files_are_read_as_they_are_served(mini, tmp_path, how):
  texts = {name: (mini / name).read_bytes() for name in census_files.ROWS}
  packed = {f'{n}.gz': gzip.compress(text) for n, text in texts.items()}
  if how == 'gz':
    for name, data in packed.items():
      (tmp_path / name).write_bytes(data)
  inner = io.BytesIO()
  with tarfile.open(fileobj=inner, mode='w:gz') as archive:
    for name, data in texts.items():
      member = tarfile.TarInfo(f'census/{name}')
      member.size = len(data)
      archive.addfile(member, io.BytesIO(data))
  if how == 'tar.gz':
    (tmp_path / 'census.tar.gz').write_bytes(inner.getvalue())
  if how == 'zip':
    with zipfile.ZipFile(tmp_path / 'census+income+kdd.zip', 'w') as archive:
      archive.writestr('notes.txt', 'no data')
      archive.writestr('census.tar.gz', inner.getvalue())
  for ours, theirs in zip(
    load(tmp_path).test.labels, load(mini).test.labels, strict=True
  ):
    np.testing.assert_array_equal(ours, theirs)


def test_a_cut_archive_is_damaged(mini, tmp_path):
  data = gzip.compress((mini / census.TRAIN.name).read_bytes())
  (tmp_path / 'census-income.data.gz').write_bytes(data[:-100])
  with pytest.raises(InputError, match=r'data.gz is cut or damaged .*again'):
    load(tmp_path)
