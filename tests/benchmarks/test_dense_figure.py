"""Figures of maps: colours that are told apart, and what is missing."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from benchmarks.dense import __main__ as command
from benchmarks.dense import colours, figure
from mtl_jax.tasks import Task

LIGHT = np.array([0.2126, 0.7152, 0.0722])  # luminance, ITU-R BT.709


@pytest.mark.parametrize('count', [2, 3, 7, 13, 40])
def test_classes_differ_in_lightness(count):
  light = colours.classes(count).colors[:, :3] @ LIGHT
  assert np.diff(np.sort(light)).min() > 0.4 / count
  if count > 3:  # Those of near numbers are not close.
    assert np.abs(np.diff(light)).min() > 0.1


def test_directions_are_told_by_blue_and_light():
  """Who sees no red against green sees blue minus yellow, and lightness."""
  ball = colours.hemisphere(41)[..., :3]
  blue = ball[..., 2] - ball[..., :2].mean(-1)
  assert (np.diff(blue[20, 1:-1]) < 0).all()  # from left to right
  assert (np.diff(ball[1:-1, 20] @ LIGHT) < 0).all()  # from up to down
  missing = colours.directions(np.zeros((2, 1, 3)))
  np.testing.assert_allclose(missing, [[to_rgb(colours.MISSING)]] * 2)


def test_maps_without_any_label_are_drawn(tmp_path):
  classes = np.full((2, 4, 4), -1, np.int8)
  depth, normals = np.zeros((2, 4, 4)), np.zeros((2, 4, 4, 3))
  shown = [
    (Task('parts', 'segmentation', 3), classes, classes + 1),
    (Task('depth', 'depth'), depth, depth + 1),
    (Task('normals', 'normals'), normals, normals),
  ]
  pictures = np.zeros((2, 4, 4, 1), np.float16)
  drawn = figure.drawn('hard', pictures, shown)
  arrays = [image.get_array() for a in drawn.axes for image in a.get_images()]
  for truth in (2, 6):  # after two pictures, and four maps of classes
    assert np.ma.getmaskarray(arrays[truth]).all()
  figure.save(tmp_path / 'new' / 'maps.png', 'hard', pictures, shown)
  assert (tmp_path / 'new' / 'maps.png').stat().st_size > 1000


@pytest.mark.parametrize(
  ('words', 'said'),
  [
    ('', '--workdir is empty'),
    ('--workdir=nowhere', '--workdir=nowhere has no cells'),
    ('--workdir=. --schemes=hard,', 'has an empty name'),
    ('--workdir=. --pictures=0', '--pictures=0; give 1 or more'),
    ('--workdir=. --schemes=hadr', "no cell of scheme 'hadr'"),
  ],
)
def test_wrong_options_are_one_line(tmp_path, monkeypatch, capsys, words, said):
  monkeypatch.chdir(tmp_path)
  (tmp_path / 'cells').mkdir()
  assert command.main(words.split()) == 2
  (line,) = capsys.readouterr().err.splitlines()
  assert said in line
  assert [path.name for path in tmp_path.iterdir()] == ['cells']
