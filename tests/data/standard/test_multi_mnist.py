"""Two digits in a picture: the generators of Multi-Fashion on idx files."""

import gzip

import numpy as np
import pytest

from mtl_jax import data
from mtl_jax.data.raw import fashion_mnist
from mtl_jax.data.raw.classed import mnist_files
from mtl_jax.errors import InputError
from tests.data import little_fashion
from tests.data.standard.conftest import FEW


@pytest.mark.parametrize('generator', ['kurin', 'pareto_mtl'])
def test_pictures_are_those_of_multi_fashion_with_other_glyphs(
  load, tmp_path, monkeypatch, generator
):
  digests = little_fashion.write(tmp_path)
  monkeypatch.setattr(fashion_mnist, 'SHA256', digests)
  fields = {'files': str(tmp_path), 'generator': generator, **FEW}
  theirs = data.load('multi_fashion', split_seed=3, **fields)
  ours = load('multi_mnist', 3, tmp_path, generator=generator)  # gzip files
  for name, split in theirs.splits.items():
    np.testing.assert_array_equal(ours.splits[name].inputs, split.inputs)
  assert ours.card.unit_counts == theirs.card.unit_counts
  assert ours.card.name == 'multi_mnist'


def test_a_leak_is_on_the_card(load):
  card = load('multi_mnist', leak=True, generator='cpmtl').card
  assert 'LEAK, as published' in card.notes


def test_files_of_fashion_mnist_are_refused(load, copied):
  with pytest.raises(InputError, match='is not the file of MNIST .*of Fashion'):
    load('multi_mnist', published=True)
  folder = copied('multi_mnist')
  path = folder / 't10k-labels-idx1-ubyte'
  whole = path.read_bytes()
  for bad, message in (
    (whole[:-3], 'has 17 bytes, and says that it has 20; it is cut off'),
    (b'\0\0\x0d\x01' + whole[4:], 'is no idx file of bytes with 1 axes'),
    (whole[:4], 'is no idx file of bytes'),
    (whole[:-1] + b'\x0a', 'label 19 is 10; give 0 to 9'),
    (b'\0\0\x08\x01\0\0\0\x02\0\0', 'there are 2 labels; give'),
  ):
    path.write_bytes(bad)
    with pytest.raises(InputError, match=message):
      load('multi_mnist', folder=folder)
  path.unlink()
  path.with_name(f'{path.name}.gz').write_bytes(gzip.compress(whole)[:-9])
  with pytest.raises(InputError, match='gz is cut or damaged'):
    load('multi_mnist', folder=folder)
  path.with_name(f'{path.name}.gz').unlink()
  with pytest.raises(
    InputError, match='has none of t10k-labels.*LeCun, Cortes'
  ):
    load('multi_mnist', folder=folder)


def test_messages_name_the_section_of_this_data_set(load):
  message = 'config.datasets.multi_mnist.'
  for fields in (
    {'generator': 'kurlin'},
    {'leak': True},
    {'num_train': 0},
    {'num_train': 101},
  ):
    with pytest.raises(InputError, match=message):
      load('multi_mnist', **fields)


def test_digests_are_of_four_files():
  assert [len(d) for d in mnist_files.SHA256.values()] == [64] * 4
