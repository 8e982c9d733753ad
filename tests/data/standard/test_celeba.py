"""CelebA: lists, folders, zips and TFDS, in miniature."""

import zipfile

import numpy as np
import pytest
import tensorflow_datasets as tfds

from mtl_jax.data import store
from mtl_jax.data.raw.classed import attribute_lists
from mtl_jax.data.standard import celeba
from mtl_jax.errors import InputError

LISTS = attribute_lists.ATTRIBUTES, attribute_lists.PARTITION


def edited(folder, name, line, text):
  """Replaces a line of a list, or removes it if the text is None."""
  lines = (folder / name).read_text().splitlines()
  lines[line - 1 : line] = [] if text is None else [text]
  (folder / name).write_text('\n'.join([*lines, '']))
  return folder


def test_labels_and_splits_are_what_the_lists_say(load):
  data = load('celeba')
  assert [len(s.mask) for s in data.splits.values()] == [24, 8, 8]
  rows = np.concatenate([s.rows for s in data.splits.values()])
  assert rows.tolist() == [*range(40)]  # in the order of the lists
  for k in range(3):
    assert data.train.labels[k].tolist() == [i >> k & 1 for i in range(24)]
  assert [t.name for t in data.tasks] == ['Eyeglasses', 'Male', 'Smiling']
  assert data.train.inputs.shape == (24, 8, 8, 3)
  # The class of picture i is a bright square; that of 1 is at the top right.
  assert data.train.inputs[1, 2, 6, 0] > 150 > data.train.inputs[1, 6, 2, 0]


def test_a_seed_puts_no_person_into_another_split(load):
  one = load('celeba', 0)
  np.testing.assert_array_equal(one.test.rows, load('celeba', 1).test.rows)
  assert [t.name for t in load('celeba', tasks=('Male',)).tasks] == ['Male']


def test_a_zip_and_the_published_folders_are_the_same(load, copied):
  folder = copied('celeba')
  with zipfile.ZipFile(folder / 'img_align_celeba.zip', 'w') as archive:
    for path in (folder / 'img_align_celeba').iterdir():
      archive.write(path, f'img_align_celeba/{path.name}')
      path.unlink()
  (folder / 'img_align_celeba').rmdir()
  for name, inner in zip(LISTS, ('Anno', 'Eval'), strict=True):
    (folder / inner).mkdir()
    (folder / name).rename(folder / inner / name)
  (folder / 'Img').mkdir()
  (folder / 'img_align_celeba.zip').rename(folder / 'Img/img_align_celeba.zip')
  ours, theirs = load('celeba', folder=folder), load('celeba')
  np.testing.assert_array_equal(ours.test.inputs, theirs.test.inputs)


@pytest.mark.parametrize(
  ('name', 'line', 'text', 'message'),
  [
    (0, 5, None, "says '40' pictures, and there are 39 rows; a row is missing"),
    (1, 5, None, 'has 39 rows and list_attr_celeba.txt 40; a row is missing'),
    (0, 3, '000001.jpg -1 1 0', 'line 3: .* 3 values -1 or 1, not'),
    (0, 3, '000001.jpg -1 1', 'line 3: .* 3 values -1 or 1, not'),
    (0, 4, '../000002.jpg 1 -1 -1', 'line 4: .* is no name of a file'),
    (0, 4, '000001.jpg 1 -1 -1', 'a picture has two rows'),
    (0, 2, 'Male Male Smiling', 'line 2: names of attributes are not diff'),
    (1, 7, '000007.jpg 3', "line 7 is '000007.jpg 3', and must be"),
    (1, 7, '000008.jpg 0', "must be '000007.jpg' and 0, 1 or 2"),
    (0, 42, '000099.jpg 1 1 1', 'line 40 is .* must be .000099.jpg'),
  ],
)
def test_a_list_that_does_not_fit_is_told(
  copied, load, name, line, text, message
):
  folder = edited(copied('celeba'), LISTS[name], line, text)
  with pytest.raises(InputError, match=message):
    load('celeba', folder=folder)


def test_pictures_that_are_missing_or_cut_off_are_told(copied, load):
  folder = copied('celeba')
  path = folder / 'img_align_celeba' / '000003.jpg'
  path.write_bytes(path.read_bytes()[:-200])
  with pytest.raises(InputError, match=r'000003.jpg is cut off or no JPEG'):
    load('celeba', folder=folder)
  path.unlink()
  with pytest.raises(InputError, match='lacks 1 pictures .* is 000003.jpg'):
    load('celeba', folder=folder)
  for inner in (folder / 'img_align_celeba').iterdir():
    inner.unlink()
  (folder / 'img_align_celeba').rmdir()
  (folder / 'img_align_celeba.zip').write_bytes(b'PK no archive')
  with pytest.raises(InputError, match='zip is cut or damaged'):
    load('celeba', folder=folder)
  (folder / 'img_align_celeba.zip').unlink()
  with pytest.raises(InputError, match='no img_align_celeba or .*Hong Kong'):
    load('celeba', folder=folder)


def test_other_files_are_not_those_of_celeba(load, tmp_path):
  with pytest.raises(InputError, match='is not that of CelebA: its md5 is'):
    load('celeba', published=True)
  with pytest.raises(
    InputError, match='has no list_attr_celeba.txt; CelebA is'
  ):
    load('celeba', folder=tmp_path)
  with pytest.raises(InputError, match="no 'Smile'; did you mean 'Smiling'"):
    load('celeba', tasks=('Smile',))
  with pytest.raises(InputError, match='size is 0; give pixels'):
    load('celeba', size=0)
  with pytest.raises(InputError, match="form is 'file'; did you mean 'files'"):
    load('celeba', form='file')


def test_the_prepared_set_of_tfds_is_the_same(load, written, tmp_path):
  faces = attribute_lists.find(written('celeba'), 8, published=False)
  images = {'image': tfds.features.Image(shape=(22, 18, 3))}
  flags = {'attributes': dict.fromkeys(faces.names, np.bool_)}

  class CelebA(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    name = 'celeb_a'
    VERSION = tfds.core.Version('2.1.0')

    def _info(self):
      features = tfds.features.FeaturesDict(images | flags)
      return tfds.core.DatasetInfo(
        builder=self, features=features, disable_shuffling=True
      )

    def _split_generators(self, dl_manager):
      names = 'train', 'validation', 'test'
      return {name: self._rows(part) for part, name in enumerate(names)}

    def _rows(self, part):
      for row in np.flatnonzero(faces.parts == part):
        values = zip(faces.names, faces.values[row].tolist(), strict=True)
        path = str(faces.pictures.files[row])
        yield int(row), {'image': path, 'attributes': dict(values)}

    def _generate_examples(self):
      raise NotImplementedError

  home = str(tmp_path)
  store.prepare(CelebA(data_dir=home, file_format='array_record'))
  ours, theirs = load('celeba', form='tfds', data_dir=home), load('celeba')
  names = [task.name for task in ours.tasks]
  for name, split in theirs.splits.items():
    np.testing.assert_array_equal(ours.splits[name].inputs, split.inputs)
    for task, labels in zip(theirs.tasks, split.labels, strict=True):
      own = ours.splits[name].labels[names.index(task.name)]
      np.testing.assert_array_equal(own, labels)


def test_a_command_writes_the_miniature(tmp_path, capsys):
  from mtl_jax.data.raw import miniature_command

  folder = tmp_path / 'new'
  arguments = [f'--miniature={folder}']
  assert miniature_command.main('x.celeba', celeba.miniature, arguments) == 0
  assert 'config.datasets.celeba.published=False' in capsys.readouterr().out
  assert miniature_command.main('x.celeba', celeba.miniature, arguments) == 2
  assert 'is not empty; name a new folder' in capsys.readouterr().err
