"""Augmentation of pictures and their label maps, inside the step.

As published for NYUv2 (Liu, Johns, Davison, CVPR 2019, and its code): a random
part of the picture is enlarged to its size, depth is divided by the factor, and
half of the pictures are mirrored. Pixels of labels are not mixed: normals, too,
are those of the nearest pixel, where the published code interpolates them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, Shaped

from mtl_jax.data import stacked
from mtl_jax.data.base import Split
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task

SCALES = (1.0, 1.2, 1.5)
SCALED = ('scale_crop_flip',)  # the others only mirror
_STREAM = 4242  # keeps the other draws of a step as they are


class Move(NamedTuple):
  """Where the pixels of a picture come from.

  Attributes:
    rows: of the old picture, for each row of the new one; not rounded.
    columns: likewise.
    scale: by which the picture is enlarged.
    flip: whether it is mirrored.
  """

  rows: Float[Array, 'height']
  columns: Float[Array, 'width']
  scale: Float[Array, '']
  flip: Array


def check(name: str, tasks: Sequence[Task]) -> None:
  """Checks that the labels of all tasks can follow their pictures.

  Args:
    name: `config.augment`.
    tasks: K tasks.

  Raises:
    InputError: the labels of a task are places in the picture.
  """
  for task in tasks if name else ():
    if task.kind == 'landmarks':
      raise InputError(
        f'config.augment={name!r} moves pictures, and the landmarks of task '
        f"{task.name!r} do not move with them; set config.augment=''"
      )


def apply(
  name: str, tasks: Sequence[Task], key: Key[Array, ''], batch: Split
) -> Split:
  """Augments a batch.

  Args:
    name: of the augmentation, `config.augment`.
    tasks: K tasks; labels of dense ones move with the pictures.
    key: of the step.
    batch: pictures `[B, H, W, C]` and labels.

  Returns:
    A batch of the same shapes and types.

  Raises:
    InputError: the inputs are no pictures.
  """
  pictures = batch.inputs
  if getattr(pictures, 'ndim', 0) != 4:
    raise InputError(
      f'config.augment={name!r} takes pictures [rows, height, width, '
      "channels]; set config.augment=''"
    )
  keys = jax.random.split(jax.random.fold_in(key, _STREAM), len(pictures))
  size = pictures.shape[1:3]
  moves = jax.vmap(lambda key: draw(key, name in SCALED, *size))(keys)
  labels = [
    jax.vmap(lambda own, move, task=task: moved(task, own, move))(own, moves)
    if task.dense
    else own
    for task, own in zip(tasks, batch.labels, strict=True)
  ]
  packed = isinstance(batch.labels, stacked.Columns)
  return batch._replace(
    inputs=jax.vmap(mixed)(pictures, moves),
    labels=stacked.packed(labels) if packed else tuple(labels),
  )


def draw(key: Key[Array, ''], scaled: bool, height: int, width: int) -> Move:
  """Draws how a picture moves.

  Args:
    key: of the picture.
    scaled: whether a part of it is enlarged; else it is mirrored at most.
    height: of the picture.
    width: of the picture.
  """
  which, down, right, flip = jax.random.split(key, 4)
  scales = jnp.array(SCALES if scaled else (1.0,))
  scale = jax.random.choice(which, scales)
  flip = jax.random.bernoulli(flip)
  rows = _part(down, scale, height)
  columns = _part(right, scale, width)
  columns = jnp.where(flip, columns[::-1], columns)
  return Move(rows, columns, scale, flip)


def _part(key, scale, size: int) -> Float[Array, 'size']:
  """Centres of new pixels in old ones, of a part that begins at random."""
  length = jnp.floor(size / scale)
  start = jnp.floor(jax.random.uniform(key) * (size - length + 1))
  return start + (jnp.arange(size) + 0.5) * length / size - 0.5


def mixed(picture: Shaped[Array, 'height width channels'], move: Move) -> Array:
  """Moves a picture, with bilinear interpolation; bytes stay bytes."""
  new = picture.astype(jnp.float32)
  for axis, places in enumerate((move.rows, move.columns)):
    size = picture.shape[axis]
    low = jnp.floor(places)
    share = (places - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
    one, other = (
      jnp.take(new, jnp.clip(low + i, 0, size - 1).astype(int), axis)
      for i in (0, 1)
    )
    new = (1 - share) * one + share * other
  if jnp.issubdtype(picture.dtype, jnp.integer):
    new = jnp.round(new)
  return new.astype(picture.dtype)


def moved(task: Task, labels: Array, move: Move) -> Array:
  """Moves a label map `[H, W, ...]`: each pixel takes the nearest one's label.

  What a label means may change too; its kind says how, see `Kind.moved`.
  """
  height, width = labels.shape[:2]
  new = labels[_nearest(move.rows, height)][:, _nearest(move.columns, width)]
  change = task.made.moved
  return new if change is None else change(new, move.scale, move.flip)


def _nearest(places: Float[Array, 'size'], size: int) -> Int[Array, 'size']:
  return jnp.clip(jnp.round(places), 0, size - 1).astype(jnp.int32)
