"""Two glyphs in a picture, by each published generator."""

import pathlib

import numpy as np
import pytest
from PIL import Image

from mtl_jax import data
from mtl_jax.data import multi_fashion
from mtl_jax.data.glyphs import composing, drawn, generators, pairing
from mtl_jax.data.raw import fashion_mnist
from mtl_jax.errors import InputError
from tests.data import little_fashion

NAMES = tuple(generators.GENERATORS)
SIZES = 60, 15, 12
FIELDS = dict(zip(drawn.NAMES, SIZES, strict=True))
GLYPHS = multi_fashion.Glyphs(
  np.zeros((700, 28, 28), np.uint8), np.arange(700) % 10, 100
)


@pytest.fixture
def load(tmp_path, monkeypatch):
  """Of miniature files: 120 training and 20 test glyphs."""
  monkeypatch.setattr(fashion_mnist, 'SHA256', little_fashion.write(tmp_path))
  return lambda seed=None, **fields: data.load(
    'multi_fashion',
    split_seed=seed,
    files=str(tmp_path),
    **{**FIELDS, **fields},
  )


def draw(name, seed, sizes=(400, 90, 80), leak=False):
  """Draws of 700 glyphs without files."""
  chosen = generators.of(name, leak)
  rows = multi_fashion.glyph_rows(GLYPHS, seed)
  return drawn.draw(chosen, GLYPHS.labels, rows, sizes, seed, leak)


@pytest.mark.parametrize('seed', [None, 0, 1])
def test_parts_have_an_equal_share_of_each_class(seed):
  rows = multi_fashion.glyph_rows(GLYPHS, seed)
  assert sorted(np.concatenate(rows)) == [*range(700)]
  for part, count in zip(rows, (50, 10, 10), strict=True):
    assert np.bincount(GLYPHS.labels[part]).tolist() == [count] * 10
  official = set(rows[2]) == {*range(600, 700)}
  assert official == (seed is None)


@pytest.mark.parametrize('seed', [None, 0, 1])
@pytest.mark.parametrize('name', NAMES)
def test_no_glyph_is_in_two_splits(name, seed):
  train, valid, test = (set(d.glyphs) for d in draw(name, seed))
  assert not (train & valid | train & test | valid & test)


@pytest.mark.parametrize('name', sorted({*NAMES} - {'kurin'}))
def test_a_leak_shares_glyphs_with_validation_alone(name):
  parts = draw(name, 0, leak=True)
  train, valid, test = (set(d.glyphs) for d in parts)
  assert len(train & valid) > len(valid) / 3
  assert not (train | valid) & test
  seen = [
    {a, b} & train != set()
    for a, b in zip(parts[1].left, parts[1].right, strict=True)
  ]
  assert drawn.shared(parts) == pytest.approx(np.mean(seen))
  assert drawn.shared(draw(name, 0)) == 0


def test_pairs_are_as_published():
  first, _, _ = draw('kurin', 0, (500, 1, 1))
  assert len({*first.left}) == 500
  assert 250 < len({*first.right}) < 400  # 1 - 1 / e of them: 316
  first, _, _ = draw('cpmtl', 0, (500, 1, 1))
  assert sorted(first.left) == sorted(first.right) == sorted({*first.left})
  first, _, _ = draw('pamal', 0, (3000, 1, 1))
  assert (first.left != first.right).all()
  assert min(len({*first.left}), len({*first.right})) > 490
  first, _, _ = draw('pareto_mtl', 0, (1000, 1, 1))
  assert np.unique(first.left, return_counts=True)[1].tolist() == [2] * 500
  classes = GLYPHS.labels[first.left], GLYPHS.labels[first.right]
  table = np.zeros((10, 10), int)
  np.add.at(table, classes, 1)
  assert np.diag(table).tolist() == [0] * 10
  assert table.sum(axis=0).min() > 70  # 100 are expected


def test_every_other_class_is_as_likely():
  labels = np.array([0, 0, 0, 1, 2, 2])
  words = np.arange(12, dtype=np.uint64).reshape(6, 2)
  found = [
    pairing.other_class(labels, np.arange(6), 6, words + np.uint64(i))[1]
    for i in range(60)
  ]
  # Of each glyph's partners, all that have another class equally often.
  for left, right in enumerate(np.transpose(found)):
    others = np.flatnonzero(labels != labels[left])
    values, counts = np.unique(right, return_counts=True)
    np.testing.assert_array_equal(values, others)
    np.testing.assert_array_equal(counts, 60 // len(others))


WORDS = np.random.default_rng(0).integers(2**63, size=(4000, 4)).astype('u8')


def test_corners_are_as_published():
  assert np.unique(composing.fixed(WORDS), axis=0).tolist() == [[0, 0, 6, 6]]
  corners = composing.free(WORDS)
  for column, first in enumerate((0, 0, 4, 4)):
    assert np.unique(corners[:, column]).tolist() == [*range(first, first + 5)]
  corners = composing.diagonal(WORDS)
  np.testing.assert_array_equal(corners[:, ::2], corners[:, 1::2])
  places, counts = np.unique(corners[:, ::2], axis=0, return_counts=True)
  every = [[i, 4 + j] for i in range(5) for j in range(5) if (i, j) != (4, 0)]
  assert places.tolist() == every
  # (0, 0) may be of one half only, (0, 1) of either.
  shares = dict(zip(map(tuple, places), counts / 4000, strict=True))
  assert shares[0, 4] == pytest.approx(1 / 40, abs=0.01)
  assert shares[0, 5] == pytest.approx(1 / 40 + 1 / 40, abs=0.01)


def picture(name, corners):
  """Of a left glyph of 200 and a right one of 100 in two pixels each."""
  glyphs = np.zeros((2, 28, 28), np.uint8)
  glyphs[0, [0, 13], [0, 13]] = 200
  y, x = 13 + corners[:2] - corners[2:]  # below the pixel in the middle
  glyphs[1, [y, 27], [x, 27]] = 100
  chosen, one = generators.GENERATORS[name], np.array([0])
  overlap, resize = chosen.overlap, chosen.resize
  made = composing.compose(glyphs, one, one + 1, corners[None], overlap, resize)
  return made[0, :, :, 0]


def pixels(image):
  return {(int(y), int(x)): int(image[y, x]) for y, x in np.argwhere(image)}


def test_golden_pixels():
  """Where one pixel of each glyph meets one of the other, and where not."""
  fixed = np.array([0, 0, 6, 6])
  # Of 36 rows, 28 are kept: row 13 of the canvas is row 10, and 33 is left out.
  expected = {(0, 0): 200, (10, 10): 200}
  assert pixels(picture('kurin', fixed)) == expected
  assert pixels(picture('sener_koltun', fixed)) == expected
  moved = np.array([2, 1, 4, 7])
  expected = {(2, 1): 200, (15, 14): 200, (31, 34): 100}
  assert pixels(picture('pareto_mtl', moved)) == expected
  # Added, and 200 + 100 is more than a byte.
  moved = np.array([1, 1, 6, 6])
  assert pixels(picture('cpmtl', moved)) == {(1, 1): 200, (11, 11): 255}
  soft = picture('pamal', fixed)
  assert soft[10, 10] == soft.max()
  assert len(pixels(soft)) > 3


@pytest.mark.parametrize('filter_', ['NEAREST', 'BICUBIC'])
def test_sizes_are_reduced_as_by_pillow(filter_):
  canvas = np.random.default_rng(0).integers(256, size=(3, 36, 36))
  canvas = canvas.astype(np.uint8)
  made = getattr(composing, filter_.lower())(canvas)
  chosen = getattr(Image.Resampling, filter_)
  for one, result in zip(canvas.astype(np.float32), made, strict=True):
    wanted = np.asarray(Image.fromarray(one).resize((28, 28), chosen))
    np.testing.assert_allclose(result, wanted.clip(0, 255), atol=0.51)


@pytest.mark.parametrize('name', NAMES)
def test_labels_are_those_of_the_glyphs(load, name):
  loaded = load(generator=name)
  side = 36 if name == 'pareto_mtl' else 28
  raw = little_fashion.arrays()
  images = np.concatenate([raw.train_images, raw.test_images])
  labels = np.concatenate([raw.train_labels, raw.test_labels])
  glyphs = multi_fashion.Glyphs(images, labels, 20)
  rows = multi_fashion.glyph_rows(glyphs, None)
  chosen = generators.of(name, False)
  parts = drawn.draw(chosen, labels, rows, SIZES, None)
  for split, part, size in zip(
    loaded.splits.values(), parts, SIZES, strict=True
  ):
    assert split.inputs.shape == (size, side, side, 1)
    assert split.inputs.dtype == np.uint8
    np.testing.assert_array_equal(split.labels[0], labels[part.left])
    np.testing.assert_array_equal(split.labels[1], labels[part.right])
  assert chosen.source in loaded.card.notes


def test_a_seed_is_one_data_set(load):
  same, again, other, fixed = load(6), load(6), load(7), load()
  np.testing.assert_array_equal(same.train.inputs, again.train.inputs)
  for different in (other, fixed):
    assert (same.train.inputs != different.train.inputs).any()


@pytest.mark.parametrize('name', NAMES)
def test_longer_splits_begin_with_the_shorter_ones(name):
  short, long = (draw(name, 2, (n, 50, 50)) for n in (100, 450))
  for one, other in zip(short, long, strict=True):
    for field, whole in zip(one, other, strict=True):
      np.testing.assert_array_equal(field, whole[: len(field)])


def test_the_card_says_which_glyphs_are_shared(load):
  card = load(generator='cpmtl').card
  assert card.units == 'glyphs'
  assert card.unit_counts == dict(
    zip(('train', 'valid', 'test'), SIZES, strict=True)
  )
  assert 'LEAK' not in card.notes
  leaking = load(generator='cpmtl', leak=True).card
  assert 'LEAK' in leaking.notes
  assert '% of the validation pictures' in leaking.notes
  assert leaking.split_rule != card.split_rule


@pytest.mark.parametrize(
  ('fields', 'message'),
  [
    ({'generator': 'kurn'}, "did you mean 'kurin'"),
    ({'leak': True}, "take generator 'sener_koltun'"),
    ({'num_valid': 0}, 'num_valid is 0'),
    ({'num_train': 101}, 'num_train is 101.* at most 100'),
    ({'num_test': 41, 'generator': 'pareto_mtl'}, 'at most 2 per glyph of 20'),
    ({'num_train': 119, 'generator': 'cpmtl', 'leak': True}, 'at most 120'),
  ],
)
def test_what_cannot_be_made_is_refused(load, fields, message):
  with pytest.raises(InputError, match=message):
    load(**fields)


def test_the_default_is_as_published_and_on_the_page():
  try:
    loaded = data.load('multi_fashion')
  except InputError as error:
    if 'no file of' not in str(error):
      raise
    pytest.skip(str(error))
  counts = ' / '.join(str(len(s.mask)) for s in loaded.splits.values())
  assert counts == '50000 / 10000 / 10000'
  page = pathlib.Path(__file__).parents[2].joinpath('docs/data.md').read_text()
  assert f'| `multi_fashion` | {counts}' in page
  assert np.bincount(loaded.test.labels[0]).tolist() == [1000] * 10
