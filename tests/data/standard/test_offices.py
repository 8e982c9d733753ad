"""Office-31 and Office-Home: domains as tasks, in miniature."""

import shutil

import numpy as np
import pytest

from mtl_jax.data.raw.classed import class_folders
from mtl_jax.data.standard import office31, office_home
from mtl_jax.errors import InputError


def lists(folder):
  """Writes lists: of eight pictures five, one and two; returns the paths."""
  found = {split: [] for split in class_folders.SPLITS}
  for domain in office31.OFFICE.domains:
    for split, part in zip(found, ((0, 5), (5, 6), (6, 8)), strict=True):
      lines = [
        f'{domain}/images/{kind}/frame_{i:04}.jpg {number}'
        for number, kind in enumerate(('pen', 'bike', 'mug'))
        for i in range(*part)
      ]
      (folder / f'{domain}_{split}.txt').write_text('\n'.join([*lines, '']))
      found[split] += [line.split(' ')[0] for line in lines]
  return found


@pytest.mark.parametrize('name', ['office31', 'office_home'])
def test_a_domain_is_a_task_with_rows_of_its_own(load, name):
  one, other = load(name, 0), load(name, 1)
  domains = len(one.tasks)
  assert [t.num_outputs for t in one.tasks] == [3] * domains
  for split in one.splits.values():
    assert (split.mask.sum(axis=1) == 1).all()
    # Each class of each domain is in each split.
    for labels, own in zip(split.labels, split.mask.T, strict=True):
      assert {*labels[own]} == {0, 1, 2}
  assert one.sources == tuple(one.train.mask.sum(axis=0))
  assert (np.diff(one.train.mask.argmax(axis=1)) >= 0).all()
  assert {*one.test.rows} != {*other.test.rows}
  assert one.train.table.parts.inputs.shape == (24 * domains, 8, 8, 3)
  assert 'not as published' in one.card.split_rule
  assert 'not the published split' in load(name).card.split_rule


def test_lists_are_the_split_without_a_seed(copied, load):
  folder = copied('office31')
  wanted = lists(folder)
  data = load('office31', folder=folder)
  assert [len(s.mask) for s in data.splits.values()] == [45, 9, 18]
  found = class_folders.find(folder, office31.OFFICE.domains, '')
  for split, names in zip(data.splits.values(), wanted.values(), strict=True):
    paths = [found.paths[row] for row in split.rows]
    assert [str(p.relative_to(folder)) for p in paths] == names
  # A class has the number of its name, whatever the lists say.
  assert found.names == ('bike', 'mug', 'pen')
  assert [len(s.mask) for s in load('office31', 0, folder).splits.values()] == [
    *(44, 14, 14)
  ]


def test_lists_that_do_not_fit_are_told(copied, load):
  folder = copied('office31')
  lists(folder)
  path = folder / 'dslr_val.txt'
  lines = path.read_text().splitlines()
  path.write_text('\n'.join([*lines[1:], '']))
  with pytest.raises(
    InputError, match=r'bike|pen.* 0 times; each picture must'
  ):
    load('office31', folder=folder)
  path.write_text('\n'.join([*lines, lines[0]]))
  with pytest.raises(InputError, match='2 times; each picture must be in one'):
    load('office31', folder=folder)
  path.write_text('dslr/images/pen/frame_9999.jpg 0')
  with pytest.raises(
    InputError, match='dslr_val.txt, line 1: .* no picture of'
  ):
    load('office31', folder=folder)
  path.unlink()
  with pytest.raises(
    InputError, match='put all lists into the folder, or none'
  ):
    load('office31', folder=folder)


def test_folders_that_do_not_fit_are_told(copied, load):
  folder = copied('office_home')
  extra = folder / 'Clipart' / 'spoon'
  shutil.copytree(folder / 'Clipart' / 'mug', extra)
  message = "Clipart has a folder 'spoon' and .*Art has none"
  with pytest.raises(InputError, match=message):
    load('office_home', folder=folder)
  shutil.rmtree(extra)
  for path in (folder / 'Product' / 'pen').iterdir():
    path.unlink()
  with pytest.raises(InputError, match=r'Product/pen has no picture \(.jpg'):
    load('office_home', folder=folder)
  shutil.rmtree(folder / 'Real World')
  with pytest.raises(InputError, match='has no folder Real World; Office-Home'):
    load('office_home', folder=folder)


def test_counts_and_lists_must_be_the_published_ones(load):
  message = r'webcam have \(24, 24, 24\) pictures of 3 classes, and must have'
  with pytest.raises(InputError, match=message):
    load('office31', published=True)
  with pytest.raises(InputError, match='size is 3000; give pixels, 1 to 512'):
    load('office31', size=3000)
  assert sum(office31.OFFICE.counts) == 4110
  assert sum(office_home.OFFICE.counts) == 15_588


def test_a_picture_that_is_cut_off_is_told_and_nothing_is_stored(
  copied, load, tmp_path
):
  folder = copied('office31')
  path = folder / 'dslr' / 'images' / 'mug' / 'frame_0002.jpg'
  path.write_bytes(path.read_bytes()[:300])
  home = tmp_path / 'home'
  with pytest.raises(InputError, match=r'mug/frame_0002.jpg is cut off'):
    load('office31', folder=folder, data_dir=str(home))
  assert not [*home.rglob('*.npy')]
