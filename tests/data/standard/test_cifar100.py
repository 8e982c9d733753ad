"""CIFAR-100: both versions and their archives, in miniature; plain pickles."""

import io
import pickle
import tarfile

import numpy as np
import pytest

from mtl_jax.data.raw.classed import cifar_files, pickle_text, plain_pickle
from mtl_jax.errors import InputError


def inputs(data):
  return data.train.table.parts.inputs


def packed(folder, archive, names):
  with tarfile.open(archive, 'w:gz') as file:
    for name in names:
      file.add(folder / name, f'inner/{name}')


def test_a_coarse_class_is_a_task_of_its_own_pictures(load):
  data = load('cifar100')
  names = ['aquatic_mammals', 'fish', 'flowers', 'food_containers']
  assert [t.name for t in data.tasks] == names
  assert data.sources == (18,) * 4
  levels = load('cifar100', tasks='levels')
  coarse, fine = levels.train.table.parts.labels
  for k, labels in enumerate(data.train.table.parts.labels):
    np.testing.assert_array_equal(labels[coarse == k], fine[coarse == k] % 2)
  assert (data.train.table.parts.mask.argmax(axis=1) == coarse).all()
  assert [t.num_outputs for t in levels.tasks] == [4, 8]
  assert levels.train.mask.all()
  assert levels.sources == ()


def test_validation_has_each_class_and_test_is_official(load):
  for seed in (None, 0, 1):
    data = load('cifar100', seed, tasks='levels')
    assert [len(s.mask) for s in data.splits.values()] == [72, 8, 24]
    assert sorted(data.valid.labels[1]) == [*range(8)]
    assert data.test.rows.tolist() == [*range(80, 104)]
  assert {*data.valid.rows} != {*load('cifar100', 0).valid.rows}


def test_all_versions_are_the_same_pictures(load, written, tmp_path):
  folder = written('cifar100')
  wanted = inputs(load('cifar100'))
  # The planes of a record are red, green and blue.
  record = np.frombuffer((folder / 'train.bin').read_bytes(), np.uint8)[:3074]
  planes = record[2:].reshape(3, 32, 32)
  np.testing.assert_array_equal(wanted[0, ..., 1], planes[1])
  packed(
    folder / 'python', tmp_path / 'cifar-100-python.tar.gz', ['train', 'test']
  )
  for own in (folder / 'python', tmp_path):
    np.testing.assert_array_equal(inputs(load('cifar100', folder=own)), wanted)
  (tmp_path / 'binary').mkdir()
  archive = tmp_path / 'binary' / 'cifar-100-binary.tar.gz'
  packed(folder, archive, cifar_files.BINARY)
  found = inputs(load('cifar100', folder=archive.parent))
  np.testing.assert_array_equal(found, wanted)


def test_files_that_are_cut_off_or_others_are_told(copied, load, tmp_path):
  folder = copied('cifar100')
  with pytest.raises(
    InputError, match='80 pictures, 0 to 10 of a class, and m'
  ):
    load('cifar100', folder=folder, published=True)
  with pytest.raises(InputError, match='is not that of CIFAR-100: its md5'):
    load('cifar100', folder=folder / 'python', published=True)
  data = (folder / 'test.bin').read_bytes()
  other = tmp_path / 'other'
  with pytest.raises(InputError, match='has no file of CIFAR-100; .*Toronto'):
    load('cifar100', folder=other)
  other.mkdir()
  (other / 'train.bin').write_bytes(data)
  with pytest.raises(InputError, match='has none of test.bin'):
    load('cifar100', folder=other)
  (other / 'test.bin').write_bytes(data[:-1])
  with pytest.raises(
    InputError, match='must have 3,074 per picture; it is cut'
  ):
    load('cifar100', folder=other)
  (other / 'test.bin').write_bytes(b'\x14' + data[1:])
  with pytest.raises(
    InputError, match='picture 0 is of class 20, and there ar'
  ):
    load('cifar100', folder=other)
  with pytest.raises(
    InputError, match="tasks is 'fine'; valid: coarse, levels"
  ):
    load('cifar100', tasks='fine')
  with pytest.raises(InputError, match=r'parts is \(9,\); give whole numbers'):
    load('cifar100', parts=(9,))


@pytest.mark.parametrize(
  ('table', 'message'),
  [
    ([1], 'has no data, coarse_labels, fine_labels'),
    ({'data': 'x'}, 'has no data, coarse_labels'),
    ({'coarse_labels': [0, 1]}, r'data is no array of \(2, 3072\) bytes'),
    ({'fine_labels': [1, 1]}, '1 coarse and 2 fine labels'),
    ({'fine_labels': ['a']}, 'labels are no list of numbers'),
    ({'fine_labels': [-7]}, 'picture 0 is of class -1, and there are 100'),
  ],
)
def test_a_pickle_of_other_content_is_told(load, tmp_path, table, message):
  if isinstance(table, dict) and table.get('data') != 'x':
    image = np.zeros((1, 3072), np.uint8)
    good = {'coarse_labels': [0], 'fine_labels': [0], 'data': image}
    table = good | table
  for name in cifar_files.PYTHON:
    (tmp_path / name).write_bytes(pickle_text.of(table))
  with pytest.raises(InputError, match=message):
    load('cifar100', folder=tmp_path)


VALUES = {
  'words': ['a', 'é', 'x' * 300],
  'numbers': [0, -3, 2**31 - 1],
  'inner': {'array': np.arange(12, dtype=np.uint8).reshape(3, 4), 'b': []},
}


@pytest.mark.filterwarnings('ignore:numpy.core')
def test_pickles_of_python_2_and_3_are_read_as_python_reads_them():
  data = pickle_text.of(VALUES)
  for found in (
    plain_pickle.loads(data),
    pickle.loads(data, encoding='latin-1'),  # our own bytes
    *(plain_pickle.loads(pickle.dumps(VALUES, p)) for p in (3, 4)),
  ):
    array = found['inner']['array']
    np.testing.assert_array_equal(array, VALUES['inner']['array'])
    for key in ('words', 'numbers'):
      assert found[key] == VALUES[key]


class Calls:
  """What runs a command when it is unpickled."""

  def __reduce__(self):
    return print, ('it ran',)


def test_nothing_that_a_pickle_names_is_imported_or_called(capsys):
  hostile = [pickle.dumps({'data': Calls()}, p) for p in range(6)]
  hostile += [
    b'cos\nsystem\n(U\x04truetR.',  # a name and a call
    b'(U\x04trueios\nsystem\n.',  # INST
    b'cnumpy\nndarray\n(K\x02tR.',  # calls a known name otherwise
    b'cnumpy\nndarray\n.',  # a known name as the value
    b'\x80\x02]cnumpy\ndtype\na.',  # and inside a list
    b'\x80\x02U\x03abcQ.',  # a persistent id
    b'\x80\x04\x8c\x08builtins\x8c\x04eval\x93.',
    b'\x80\x02}(]K\x01u.',  # a list as a key
    b'\x80\x02K\x01K\x02a.',  # appends to a number
    b'\x80\x02K\x01}b.',  # state of a number
    b'\x80\x02h\x07.',  # a memo that nothing has written
    b'\x80\x02K\x01',  # no end
    b'\x80\x02T\xff\xff\xff\x7fabc.',  # text that is longer than the file
    pickle.dumps(np.arange(3)),  # not bytes
    pickle.dumps(np.array([{}], object)),
    b'.',
    b'',
  ]
  for data in hostile:
    with pytest.raises(plain_pickle.RefusedError):
      plain_pickle.loads(data)
  assert capsys.readouterr().out == ''


def test_a_damaged_pickle_is_refused_or_plain():
  """Bytes that are changed or cut raise one error, whatever they become."""
  data = bytearray(pickle_text.of(VALUES))
  draw = np.random.default_rng(0)
  for _ in range(600):
    bad = bytearray(data)
    for place in draw.integers(len(bad), size=2):
      bad[place] = draw.integers(256)
    try:
      plain_pickle.loads(bytes(bad[: draw.integers(len(bad)) or None]))
      plain_pickle.loads(bytes(bad))
    except plain_pickle.RefusedError:
      pass


def test_a_damaged_archive_is_told(load, tmp_path):
  (tmp_path / 'cifar-100-binary.tar.gz').write_bytes(io.BytesIO(b'x').read())
  with pytest.raises(InputError, match='is cut or damaged'):
    load('cifar100', folder=tmp_path)
