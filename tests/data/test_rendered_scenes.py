"""Rendered rooms: exact labels, mirrors, seeds, files that are kept."""

import hashlib

import numpy as np
import pytest

from mtl_jax.data import rendered_scenes
from mtl_jax.data.rendered_scenes import Look, rendered
from mtl_jax.data.scenes import geometry, render, rooms
from mtl_jax.errors import InputError

LOOK = Look(32, 4, 0.3, 0.03, 0.2)
FIELDS = {'num_train': 3, 'num_valid': 2, 'num_test': 2, 'size': 32}


def room(number):
  return rooms.draw(np.random.Generator(np.random.Philox(number)), 5)


@pytest.mark.parametrize('number', range(4))
def test_a_mirrored_picture_is_the_picture_of_a_mirrored_room(number):
  one = render.picture(room(number), 32, 0.3)
  other = render.picture(rooms.mirrored(room(number)), 32, 0.3)
  np.testing.assert_array_equal(one.classes[:, ::-1], other.classes)
  for name in ('colour', 'depth', 'shading'):
    np.testing.assert_allclose(
      getattr(one, name)[:, ::-1], getattr(other, name), atol=1e-9
    )
  np.testing.assert_allclose(
    one.normals[:, ::-1] * [-1, 1, 1], other.normals, atol=1e-9
  )


@pytest.mark.parametrize('number', range(3))
def test_normals_are_those_of_the_depth(number):
  """The normal is the cross product of the slopes of the seen surface."""
  seen = render.picture(room(number), 128)
  centres = render.VIEW * ((np.arange(128) + 0.5) / 64 - 1)
  up, right = np.meshgrid(-centres, centres, indexing='ij')
  place = np.stack([right, up, -np.ones_like(up)], -1) * seen.depth[..., None]
  down = place[2:, 1:-1] - place[:-2, 1:-1]
  along = place[1:-1, 2:] - place[1:-1, :-2]
  normal = np.cross(down, along)
  normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
  own = seen.normals[1:-1, 1:-1]
  cosine = (normal * own).sum(-1)
  # Neighbours of an edge lie on two surfaces.
  assert np.median(cosine) > 0.9999
  assert (cosine > 0.98).mean() > 0.8
  np.testing.assert_allclose(np.linalg.norm(own, axis=-1), 1, atol=1e-9)
  # They point at the camera.
  assert ((own * place[1:-1, 1:-1]).sum(-1) < 0).all()


def test_hits_lie_on_the_solids():
  draw = np.random.default_rng(0)
  rays, origin = (
    draw.normal(size=(500, 3)) + [0, -1.0, 3],
    np.array([0.3, 1.5, -4.0]),
  )
  half = np.array([0.5, 0.7, 0.9])
  for hit, residue in (
    (
      geometry.box(origin, rays, half),
      lambda p: np.abs(np.abs(p) / half).max(1) - 1,
    ),
    (
      geometry.sphere(origin, rays, 1.2),
      lambda p: np.linalg.norm(p, axis=1) - 1.2,
    ),
    (
      geometry.cylinder(origin, rays, 0.8, 0.5),
      lambda p: (
        np.maximum(np.hypot(p[:, 0], p[:, 2]) / 0.8, np.abs(p[:, 1]) / 0.5) - 1
      ),
    ),
  ):
    there = np.isfinite(hit.distance)
    assert 20 < there.sum() < 450
    place = origin + hit.distance[there, None] * rays[there]
    np.testing.assert_allclose(residue(place), 0, atol=1e-9)
    # The ray enters where the normal points against it.
    assert ((hit.normal[there] * rays[there]).sum(1) < 0).all()


def test_equal_arguments_give_equal_pictures():
  one, more = rendered(LOOK, 1, 0, 2), rendered(LOOK, 1, 0, 3)
  for name in rendered_scenes.PARTS:
    np.testing.assert_array_equal(one[name], more[name][:2])
  assert (one['image'] != rendered(LOOK, 2, 0, 2)['image']).any()
  assert (one['image'] != rendered(LOOK, 1, 1, 2)['image']).any()
  # Rounded to what no processor computes otherwise.
  depth = np.round(np.float32(one['depth']), 1).tobytes()
  digest = hashlib.sha256(depth + one['segmentation'].tobytes()).hexdigest()
  assert digest[:16] == 'eafbfc41859d795f'


def test_the_card_and_the_maps(tmp_path):
  data = rendered_scenes.load(0, str(tmp_path), **FIELDS)
  classes, depth, normals = data.train.labels
  assert classes.shape == (3, 32, 32)
  assert 0.05 < (depth == 0).mean() < 0.15
  length = np.linalg.norm(np.float32(normals), axis=-1)
  np.testing.assert_allclose(length, 1, atol=1e-3)
  assert data.card.counts['test/depth'] == 2
  assert data.tasks[0].num_outputs == 13


def test_a_damaged_picture_is_rendered_again(tmp_path, capsys):
  first = rendered_scenes.load(0, str(tmp_path), **FIELDS)
  rendered_scenes._arrays.cache_clear()
  file = next((tmp_path / 'rendered_scenes').rglob('image.npy'))
  file.write_bytes(file.read_bytes()[:-1] + b'x')
  again = rendered_scenes.load(0, str(tmp_path), **FIELDS)
  for name in ('train', 'valid', 'test'):
    np.testing.assert_array_equal(
      getattr(first, name).inputs, getattr(again, name).inputs
    )
  assert 'is damaged' in capsys.readouterr().err


@pytest.mark.parametrize(
  ('fields', 'words'),
  [
    ({'size': 48}, 'size is 48; take one of'),
    ({'noise': 2.0}, 'noise is 2.0'),
    ({'missing': 1.0}, 'missing is 1.0'),
    ({'solids': 0}, 'solids is 0'),
    ({'tasks': ('detph',)}, "'depth'"),
    ({'tasks': ()}, 'tasks is empty'),
  ],
)
def test_what_cannot_be_rendered_is_refused(tmp_path, fields, words):
  with pytest.raises(InputError, match=words):
    rendered_scenes.load(0, str(tmp_path), **(FIELDS | fields))
  assert not list(tmp_path.iterdir())
