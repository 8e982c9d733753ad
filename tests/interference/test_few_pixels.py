"""Of maps some pixels of some pictures are compared, and the same of labels."""

import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import tasks
from mtl_jax.data.base import Split
from mtl_jax.interference import few_pixels
from mtl_jax.interference.few_pixels import PICTURES, PIXELS

MAPS = tasks.Task('depth', 'depth')
NUMBERS = tasks.Task('age', 'regression')


def test_only_maps_take_fewer_pictures():
  assert few_pixels.rows([NUMBERS], 1000) == 1000
  assert few_pixels.rows([NUMBERS, MAPS], 1000) == PICTURES
  assert few_pixels.rows([MAPS], 3) == 3


@pytest.mark.parametrize('size', [8, 64, 100])
def test_predictions_and_labels_keep_the_same_pixels(size):
  shape = (PICTURES, size, size)
  labels = np.arange(np.prod(shape), dtype='f').reshape(shape)
  ages, mask = np.ones(PICTURES, 'f'), np.ones((PICTURES, 2), bool)
  both = [NUMBERS, MAPS]
  predicted = few_pixels.of(
    both, (jnp.asarray(ages)[:, None], jnp.asarray(labels)[..., None])
  )
  kept = few_pixels.split(both, Split((), (ages, labels), mask))
  assert kept.labels[0].shape == ages.shape
  np.testing.assert_array_equal(predicted[1][..., 0], kept.labels[1])
  assert len(kept.labels[1]) == PICTURES
  about = min(PIXELS, labels.size)
  assert about / 2 < kept.labels[1].size < 1.25 * about


def test_nothing_is_done_without_maps():
  given = (jnp.zeros((3, 1)),)
  assert few_pixels.of([NUMBERS], given) is given
