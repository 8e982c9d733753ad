"""Cityscapes: both forms of its files, in miniature."""

import numpy as np
import pytest
from PIL import Image

from mtl_jax import data
from mtl_jax.data.raw import city_pictures, miniature_command, miniatures
from mtl_jax.data.standard import cityscapes
from mtl_jax.errors import InputError


@pytest.fixture
def files(tmp_path):
  cityscapes.miniature(tmp_path / 'files')
  return tmp_path / 'files'


@pytest.mark.parametrize('form', cityscapes.FORMS)
def test_both_forms_have_two_tasks(files, tmp_path, form):
  found = data.load(
    'mtl_jax.data.standard.cityscapes',
    files=str(files),
    data_dir=str(tmp_path),
    form=form,
    valid=0.34,
    published=False,
  )
  assert [t.name for t in found.tasks] == ['segmentation', 'depth']
  assert [len(s.mask) for s in found.splits.values()] == [4, 2, 4]
  assert found.test.inputs.shape == (4, 16, 32, 3)


def test_nineteen_classes_become_seven():
  found = city_pictures.to_category()
  assert (found >= 0).sum() == 19
  assert {*found} == {-1, *range(7)}
  road, car, sky, person = 7, 26, 23, 24
  assert found[[road, car, sky, person]].tolist() == [0, 6, 4, 5]


def first(folder, kind):
  return sorted((folder / kind / 'train' / 'town').iterdir())[0]


def test_disparity_becomes_inverse_depth(files):
  path = first(files, 'disparity')
  stored = np.zeros((16, 32), np.uint16)
  stored[0, :3] = 1, 257, 256 * 50 + 1
  Image.fromarray(stored).save(path)
  found = city_pictures.find(files).read(0)['depth']
  metres = city_pictures.BASELINE * city_pictures.FOCAL
  wanted = np.array([0, 1, 50, 0]) / metres
  np.testing.assert_allclose(found[0, :4], wanted, rtol=5e-4)


def test_large_pictures_are_scaled(tmp_path):
  miniatures.cityscapes(tmp_path, (256, 512))
  found = city_pictures.find(tmp_path).read(0)
  assert [v.shape[:2] for v in found.values()] == [(128, 256)] * 3
  with Image.open(first(tmp_path, 'gtFine')) as whole:
    kinds = city_pictures.to_category()[np.asarray(whole)[1::2, 1::2]]
  # The nearest pixel of a block of four is one of them.
  assert {*np.unique(found['segmentation'])} <= {-1, *np.unique(kinds)}


def test_bad_official_files_are_one_line(files):
  def refused(match):
    with pytest.raises(InputError, match=match):
      city_pictures.find(files).read(0)

  path = first(files, 'gtFine')
  whole = path.read_bytes()
  Image.new('RGB', (32, 16)).save(path)
  refused('has no class numbers from 0 to 33')
  Image.new('L', (16, 16)).save(path)
  refused('is 16 x 16 pixels and its picture 16 x 32')
  path.write_bytes(whole[: len(whole) // 2])
  refused('is damaged, or no picture')
  path.unlink()
  refused(f'no file .*{path.name}, and .* exists; .* Cityscapes web site')


def test_the_command_writes_files_once(tmp_path, capsys):
  arguments = [f'--miniature={tmp_path / "small"}']

  def run():
    return miniature_command.main(
      'a.cityscapes', cityscapes.miniature, arguments
    )

  assert run() == 0
  assert '--config.datasets.cityscapes.published=False' in (
    capsys.readouterr().out
  )
  assert run() == 2
  assert capsys.readouterr().err.count('\n') == 1
