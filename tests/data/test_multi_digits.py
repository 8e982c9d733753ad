"""Two digits in a picture: no glyph in two splits, exact sizes."""

import gzip
import hashlib
import pathlib

import numpy as np
import pytest

from mtl_jax.data import multi_digits
from mtl_jax.errors import InputError

SIZES = 600, 100, 200
FIELDS = {'num_train': 600, 'num_valid': 100, 'num_test': 200}


@pytest.fixture(scope='module')
def load(data_dir):
  return lambda seed=None, **fields: multi_digits.load(
    seed, data_dir, **{**FIELDS, **fields}
  )


def test_glyphs_are_the_known_ones(data_dir):
  sklearn = pytest.importorskip('sklearn')
  file = pathlib.Path(sklearn.__file__).parent / 'datasets/data/digits.csv.gz'
  data = gzip.decompress(file.read_bytes())
  assert hashlib.sha256(data).hexdigest().startswith('6ebb3d2fee246a4e99363262')
  table = multi_digits.read(data_dir)
  assert table['glyph'].shape == (1797, 8, 8)
  assert table['label'][:10].tolist() == list(range(10))  # file order


@pytest.mark.parametrize('seed', [None, 0, 1, 2])
def test_no_glyph_stands_in_two_splits(seed):
  drawn = multi_digits.draw(1797, SIZES, seed)
  used = [set(d.left) | set(d.right) for d in drawn]
  assert not (used[0] & used[1] | used[0] & used[2] | used[1] & used[2])
  blocks = [{glyph // 45 for glyph in u} for u in used]
  assert [len(b) for b in blocks] == [28, 4, 8]
  assert not (blocks[0] & blocks[1] | blocks[0] & blocks[2])


def test_both_places_and_all_shifts_are_drawn_evenly():
  train = multi_digits.draw(1797, (6000, 1, 1), None)[0]
  np.testing.assert_allclose(train.shifts.mean(axis=0), 0.5, atol=0.03)
  assert abs(np.corrcoef(train.left, train.right)[0, 1]) < 0.05
  assert len(np.unique(train.left)) > 1200


def test_picture_is_the_maximum_of_its_glyphs():
  glyphs = np.random.default_rng(0).integers(0, 17, (5, 8, 8)).astype(np.uint8)
  corners = np.array([[1, 0, 0, 1], [0, 0, 1, 1]])
  drawn = multi_digits.Draw(np.array([3, 0]), np.array([4, 0]), corners)
  made = multi_digits.compose(glyphs, drawn, 12)
  scaled = glyphs.astype(int) * 255 // 16
  wanted = np.zeros((12, 12), int)
  wanted[1:9, 0:8] = scaled[3]
  wanted[3:11, 4:12] = np.maximum(wanted[3:11, 4:12], scaled[4])
  np.testing.assert_array_equal(made[0, :, :, 0], wanted)
  assert made.max() == 255


@pytest.mark.parametrize('seed', [None, 0, 1])
def test_sizes_are_exact_and_pixels_stay_bytes(load, seed):
  data = load(seed)
  for split, size in zip(data.splits.values(), SIZES, strict=True):
    assert split.inputs.shape == (size, 12, 12, 1)
    assert split.inputs.dtype == np.uint8
    assert [len(label) for label in split.labels] == [size, size]


def test_labels_are_those_of_the_glyphs(load, data_dir):
  table, data = multi_digits.read(data_dir), load(3)
  drawn = multi_digits.draw(1797, SIZES, 3)[2]
  np.testing.assert_array_equal(data.test.labels[0], table['label'][drawn.left])
  np.testing.assert_array_equal(
    data.test.labels[1], table['label'][drawn.right]
  )


def test_a_seed_is_one_data_set(load):
  same, again, other = load(6), load(6), load(7)
  np.testing.assert_array_equal(same.train.inputs, again.train.inputs)
  assert (same.train.inputs != other.train.inputs).any()


def test_longer_splits_begin_with_the_shorter_ones(load):
  short, long = load(2), load(2, num_train=900)
  np.testing.assert_array_equal(short.train.inputs, long.train.inputs[:600])
  np.testing.assert_array_equal(short.test.inputs, long.test.inputs)


def test_a_canvas_that_hides_a_digit_is_refused(load):
  assert load(canvas=16).train.inputs.shape[1:] == (16, 16, 1)
  with pytest.raises(InputError, match='canvas is 9'):
    load(canvas=9)
  with pytest.raises(InputError, match='needs a picture'):
    load(num_valid=0)


def test_more_pictures_are_no_more_units(data_dir):
  """The correction for resplits must not depend on num_train."""
  rows = multi_digits.blocks(1797, 0)
  few, many = (multi_digits.units(rows, (n, 1000, 2000)) for n in (6000, 60000))
  assert few == many
  assert few['train'] == pytest.approx(1260, abs=45)
  assert few['test'] == pytest.approx(360, abs=45)
  card = multi_digits.load(0, data_dir, **FIELDS).card
  assert (card.units, card.unit_counts['train']) == ('glyphs', 600)
