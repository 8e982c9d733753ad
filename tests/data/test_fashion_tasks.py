"""Tasks of one picture: labels by hand, and splits without common pictures."""

import numpy as np
import pytest

from mtl_jax import data
from mtl_jax.data import fashion_tasks
from mtl_jax.data.derived import fashion_labels
from mtl_jax.data.raw import fashion_mnist
from mtl_jax.errors import InputError

SIZES = {'num_train': 20, 'num_valid': 10, 'num_test': 10}
ALL = ('item', 'hidden', 'lean', 'warm')


@pytest.fixture(autouse=True)
def few(monkeypatch):
  """120 official training and 40 test pictures, drawn at random."""
  draw = np.random.default_rng(0)
  pictures = draw.integers(0, 256, (160, 28, 28), np.uint8)
  items = np.arange(160, dtype=np.uint8) % 10
  glyphs = fashion_mnist.Glyphs(
    pictures[:120], items[:120], pictures[120:], items[120:]
  )
  monkeypatch.setattr(fashion_mnist, 'read', lambda *_: glyphs)
  fashion_tasks._table.cache_clear()
  yield glyphs
  fashion_tasks._table.cache_clear()


def load(seed=None, **fields):
  return fashion_tasks.load(seed, **{**SIZES, **fields})


def rows(loaded):
  return [set(split.rows.tolist()) for split in loaded.splits.values()]


def test_the_middle_is_hidden_and_nothing_else(few):
  loaded = load()
  picture, row = loaded.test.inputs[3, :, :, 0], loaded.test.rows[3]
  wanted = few.test_images[row - 120].copy()
  wanted[8:20, 8:20] = 0
  np.testing.assert_array_equal(picture, wanted)
  block = few.test_images[row - 120][8:12, 16:20].mean() / 255
  scale = loaded.scales[1]
  got = scale.mean + scale.std * loaded.test.labels[1][3]
  assert got.shape == (9,)
  assert got[2] == pytest.approx(block, abs=1e-6)  # first row, third column


def test_lean_is_the_correlation_of_the_places_of_brightness():
  draw = np.random.default_rng(1)
  picture = draw.integers(0, 5, (28, 28)).astype(np.uint8)
  y, x = np.nonzero(picture >= 0)
  times = picture[y, x]
  wanted = np.corrcoef(np.repeat(y, times), np.repeat(x, times))[0, 1]
  line, none = np.diag(np.full(28, 9, np.uint8)), np.zeros((28, 28), np.uint8)
  row = none.copy()
  row[4] = 7
  pictures = np.stack([picture, line, line[::-1], none, row])
  got = fashion_labels.lean(pictures)
  np.testing.assert_allclose(got, [wanted, 1, -1, 0, 0], atol=1e-9)


def test_warm_follows_from_the_item_and_cards_name_the_tasks():
  loaded = load(tasks=ALL)
  item, hidden, lean, warm = loaded.train.labels
  np.testing.assert_array_equal(warm == 1, np.isin(item, [2, 4, 9]))
  assert [t.name for t in loaded.tasks] == list(ALL)
  assert (hidden.shape, lean.shape) == ((20, 9), (20,))
  assert loaded.scales[0] is loaded.scales[3] is None


def test_the_official_split_keeps_the_official_test_pictures():
  train, valid, test = rows(load())
  assert max(train | valid) < 120 <= min(test)
  assert not train & valid
  counts = np.bincount(load().train.labels[0], minlength=10)
  assert counts.tolist() == [2] * 10


def test_blocks_have_no_picture_in_common_and_seeds_overlap_without():
  apart = [set.union(*rows(load(seed, blocks=4))) for seed in range(4)]
  assert len(set.union(*apart)) == sum(map(len, apart)) == 160
  assert load(0, blocks=4).card.drawn
  both = [set.union(*rows(load(seed))) for seed in range(2)]
  assert both[0] & both[1]
  assert both[0] != both[1]
  assert not load(0).card.drawn


def test_few_labels_of_one_task_are_kept():
  loaded = data.load('fashion_tasks', labels=(('item', 10),), **SIZES)
  assert loaded.train.mask.sum(0).tolist() == [10, 20]


@pytest.mark.parametrize(
  ('fields', 'message'),
  [
    ({'tasks': ('itm',)}, "no task 'itm'; did you mean 'item'"),
    ({'tasks': ('item', 'item')}, 'a tuple of different names'),
    ({'num_train': 200}, 'num_train, num_valid are 210 pictures .* are 120'),
    ({'num_test': 50}, 'num_test are 50 pictures together and there are 40'),
    ({'num_valid': 9}, 'num_valid is 9; it must be at least 10'),
    ({'blocks': 0}, 'blocks is 0; it must be at least 1'),
    ({'split_seed': 4, 'blocks': 4}, 'no part for seed 4; set blocks=5'),
    ({'split_seed': 0, 'blocks': 5}, '40 pictures together and there are 32'),
  ],
)
def test_bad_fields_are_named(fields, message):
  with pytest.raises(InputError, match=f'fashion_tasks.*{message}'):
    fashion_tasks.load(**{**SIZES, **fields})


def test_scales_are_those_of_the_official_training_pictures(monkeypatch):
  monkeypatch.undo()
  try:
    glyphs = fashion_mnist.read()
  except InputError as error:
    pytest.skip(str(error))
  pictures = glyphs.train_images[:60_000:20]
  for name in ('hidden', 'lean'):
    values, scale = (
      getattr(fashion_labels, name)(pictures),
      (fashion_labels.SCALES[name]),
    )
    assert values.mean() == pytest.approx(scale.mean, abs=0.02)
    assert values.std() == pytest.approx(scale.std, rel=0.05)
