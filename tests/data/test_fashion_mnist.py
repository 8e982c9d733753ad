"""The files are found, and none but those of Fashion-MNIST is taken."""

import gzip
import shutil

import numpy as np
import pytest

from mtl_jax.data.raw import fashion_mnist
from mtl_jax.errors import InputError
from tests.data import little_fashion


@pytest.fixture
def little(tmp_path, monkeypatch):
  """A folder with the four files, which are those that are expected."""
  folder = tmp_path / 'files'
  monkeypatch.setattr(fashion_mnist, 'SHA256', little_fashion.write(folder))
  monkeypatch.setattr(fashion_mnist, 'DEBIAN', tmp_path / 'debian')
  return folder


def equal(read):
  for one, other in zip(read, little_fashion.arrays(), strict=True):
    np.testing.assert_array_equal(one, other)
  return True


def test_the_arrays_are_those_of_the_files(little, monkeypatch):
  assert equal(fashion_mnist.read(str(little)))
  monkeypatch.setenv('MTL_JAX_FILES', str(little))
  assert equal(fashion_mnist.read())


def test_a_sub_folder_and_the_package_are_found_too(
  little, tmp_path, monkeypatch
):
  other = tmp_path / 'other'
  shutil.copytree(little, other / 'fashion-mnist')
  assert equal(fashion_mnist.read(str(other)))
  shutil.copytree(little, fashion_mnist.DEBIAN)
  monkeypatch.setenv('MTL_JAX_FILES', str(tmp_path / 'nowhere'))
  assert equal(fashion_mnist.read())
  # A folder that is named is the only one.
  refused(tmp_path / 'nowhere', 'no file of Fashion-MNIST', 'nowhere')


def test_another_gzip_header_is_no_other_file(little):
  path = little / 't10k-labels-idx1-ubyte.gz'
  data = gzip.decompress(path.read_bytes())
  path.write_bytes(gzip.compress(data, compresslevel=1, mtime=1504176627))
  assert equal(fashion_mnist.read(str(little)))


def refused(folder, *words):
  """The message is one line with these words and the remedy."""
  with pytest.raises(InputError) as error:
    fashion_mnist.read(str(folder))
  message = str(error.value)
  wanted = *words, 'apt-get install dataset-fashion-mnist', 'MTL_JAX_FILES'
  assert [word for word in wanted if word not in message] == []
  assert '\n' not in message


def test_no_files_are_refused_with_the_remedy(little, tmp_path):
  refused(tmp_path / 'nowhere', 'no file of Fashion-MNIST', 'nowhere')
  (little / 't10k-labels-idx1-ubyte.gz').unlink()
  refused(little, 'no t10k-labels-idx1-ubyte.gz in', 'has others')


def test_files_of_mnist_are_refused_by_name(little):
  """They have the same names; the package does not stand in for them."""
  shutil.copytree(little, fashion_mnist.DEBIAN)
  little_fashion.write(little, seed=1)
  path = little / 'train-images-idx3-ubyte.gz'
  refused(little, f'{path} is not', 'MNIST', 'sha256')


DAMAGES = {
  'truncated': lambda data: data[:100],
  'header': lambda data: b'no' + data[2:],
  'content': lambda data: data[:20] + b'damaged!' + data[28:],
}


@pytest.mark.parametrize('damage', DAMAGES)
def test_a_damaged_file_is_refused_by_name(little, damage):
  path = little / 't10k-images-idx3-ubyte.gz'
  path.write_bytes(DAMAGES[damage](path.read_bytes()))
  refused(little, f'cannot read {path}: ')


def test_the_real_files_have_the_known_digests_and_classes():
  try:
    glyphs = fashion_mnist.read()
  except InputError as error:
    if 'no file of' not in str(error):
      raise
    pytest.skip(str(error))
  assert glyphs.train_images.shape == (60_000, 28, 28)
  assert glyphs.test_images.shape == (10_000, 28, 28)
  assert np.bincount(glyphs.train_labels).tolist() == [6000] * 10
  assert np.bincount(glyphs.test_labels).tolist() == [1000] * 10
  assert glyphs.train_images.mean() / 255 == pytest.approx(0.2860, abs=1e-4)
