"""Pictures and label maps move together."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.data import rendered_scenes
from mtl_jax.data.base import Split
from mtl_jax.data.rendered_scenes import TASKS, Look
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task
from mtl_jax.train import augment

CHOSEN = tuple(TASKS[n] for n in ('segmentation', 'depth', 'normals'))


@pytest.fixture(scope='module')
def batch():
  own = rendered_scenes.rendered(Look(32, 4, 0.3, 0.0, 0.2), 0, 0, 6)
  labels = tuple(jnp.array(own[task.name]) for task in CHOSEN)
  return Split(jnp.array(own['image']), labels, jnp.ones((6, 3), bool))


def moves(scaled, rows=6):
  keys = jax.random.split(jax.random.key(1), rows)
  return jax.vmap(lambda k: augment.draw(k, scaled, 32, 32))(keys)


@pytest.mark.parametrize('name', ['flip', 'scale_crop_flip'])
def test_shapes_and_types_stay_and_keys_decide(batch, name):
  new = augment.apply(name, CHOSEN, jax.random.key(0), batch)
  for one, other in zip(
    jax.tree.leaves(batch), jax.tree.leaves(new), strict=True
  ):
    assert (one.shape, one.dtype) == (other.shape, other.dtype)
  again = augment.apply(name, CHOSEN, jax.random.key(0), batch)
  other = augment.apply(name, CHOSEN, jax.random.key(2), batch)
  np.testing.assert_array_equal(new.inputs, again.inputs)
  assert (np.asarray(new.inputs) != other.inputs).any()


def test_a_mirror_shows_the_mirrored_picture(batch):
  new = augment.apply('flip', CHOSEN, jax.random.key(0), batch)
  classes, depth, normals = new.labels
  flipped = [
    i for i in range(6) if (np.asarray(new.inputs[i]) != batch.inputs[i]).any()
  ]
  assert 0 < len(flipped) < 6
  for i in flipped:
    np.testing.assert_array_equal(new.inputs[i], batch.inputs[i][:, ::-1])
    np.testing.assert_array_equal(classes[i], batch.labels[0][i][:, ::-1])
    np.testing.assert_array_equal(depth[i], batch.labels[1][i][:, ::-1])
    mirror = np.float16([-1, 1, 1])
    np.testing.assert_array_equal(
      normals[i], np.asarray(batch.labels[2][i])[:, ::-1] * mirror
    )


def test_an_enlarged_picture_shows_what_is_nearer(batch):
  new = augment.apply('scale_crop_flip', CHOSEN, jax.random.key(3), batch)
  old, depth = (np.float32(b.labels[1]) for b in (batch, new))
  missing = (depth == 0).mean()
  assert 0.1 < missing < 0.3  # Missing pixels stay missing.
  for i in range(6):
    seen = np.unique(depth[i][depth[i] > 0])
    there = np.unique(old[i][old[i] > 0])
    # Every depth is one of the old picture's, divided by one scale.
    apart = [
      np.abs(seen[:, None] * scale - there).min(1).max()
      for scale in augment.SCALES
    ]
    assert min(apart) < 0.01
  length = np.linalg.norm(np.float32(new.labels[2]), axis=-1)
  np.testing.assert_allclose(length, 1, atol=2e-3)


def test_pixels_of_pictures_and_labels_stay_together(batch):
  """A picture of its own labels, each class a grey, moves as they do."""
  classes = batch.labels[0]
  grey = jnp.uint8(jnp.repeat(classes[..., None], 3, -1) * 10)
  new = augment.apply(
    'scale_crop_flip', CHOSEN, jax.random.key(0), batch._replace(inputs=grey)
  )
  grey, classes = np.asarray(new.inputs[..., 0]), np.asarray(new.labels[0])
  same = [
    (grey == 10 * np.roll(classes, shift, axis)).mean()
    for shift, axis in ((0, 1), (1, 1), (-1, 1), (1, 2), (-1, 2))
  ]
  assert same[0] > 0.8  # but for mixed pixels at edges
  assert same[0] > max(same[1:])


def test_the_whole_picture_is_the_picture(batch):
  still = moves(False)._replace(columns=jnp.tile(jnp.arange(32.0), (6, 1)))
  same = jax.vmap(augment.mixed)(batch.inputs, still)
  np.testing.assert_array_equal(same, batch.inputs)


def test_what_cannot_move_is_refused(batch):
  with pytest.raises(InputError, match="landmarks of task 'eyes'"):
    augment.check('flip', (*CHOSEN, Task('eyes', 'landmarks', 2)))
  augment.check('', (Task('eyes', 'landmarks', 2),))
  vectors = batch._replace(inputs=jnp.zeros((6, 4)))
  with pytest.raises(InputError, match='takes pictures'):
    augment.apply('flip', CHOSEN, jax.random.key(0), vectors)
