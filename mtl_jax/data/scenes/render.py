"""Renders rooms: colour, classes, depth, normals and shading of each pixel."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int8, UInt8

from mtl_jax.data.scenes import geometry
from mtl_jax.data.scenes.rooms import FIRST, Room, Solid

VIEW = 0.65  # tangent of half the angle of view
AMBIENT = 0.3


class Picture(NamedTuple):
  """A room as its camera sees it; row 0 is the top.

  Attributes:
    colour: red, green and blue, without noise, from 0 to 1.
    classes: numbers of `rooms.CLASSES`.
    depth: along the axis of the camera, in metres.
    normals: unit vectors: to the right, upwards, towards the camera.
    shading: light that reaches the pixel, from 0 to 1.
    count: number of solids that are seen.
  """

  colour: Float[np.ndarray, 'height width 3']
  classes: Int8[np.ndarray, 'height width']
  depth: Float[np.ndarray, 'height width']
  normals: Float[np.ndarray, 'height width 3']
  shading: Float[np.ndarray, 'height width']
  count: int


def picture(room: Room, size: int, texture: float = 0.0) -> Picture:
  """Renders a room.

  Args:
    room: the room.
    size: height and width in pixels.
    texture: contrast of the stripes of surfaces, from 0 to 1.

  Returns:
    The picture.
  """
  axes = _axes(room)
  rays = _rays(size) @ axes  # `[P, 3]`; their length along the axis is 1.
  hit = geometry.room(room.camera, rays, room.size)
  owner = np.full(len(rays), -1)
  distance, normal = hit.distance.copy(), hit.normal.copy()
  for number, solid in enumerate(room.solids):
    own = _solid(room, rays, solid)
    closer = own.distance < distance
    distance[closer], normal[closer] = own.distance[closer], own.normal[closer]
    owner[closer] = number
  place = room.camera + distance[:, None] * rays
  classes, paint = _paint(room, owner, normal)
  shading = _shading(room, place, normal)
  pattern = 1 - texture * _stripes(room, owner, place, normal)
  colour = paint * (shading * pattern)[:, None]
  # The camera looks along its third axis, and its normals point back at it.
  seen = normal @ (axes * [[1], [1], [-1]]).T
  return Picture(
    colour.reshape(size, size, 3),
    classes.reshape(size, size),
    distance.reshape(size, size),
    seen.reshape(size, size, 3),
    shading.reshape(size, size),
    len(np.unique(owner[owner >= 0])),
  )


def _axes(room: Room) -> Float[np.ndarray, '3 3']:
  """Right, up and forward of the camera, in the room."""
  (s, c), (t, d) = (np.sin([x, x + np.pi / 2]) for x in (room.turn, room.tilt))
  forward = np.array([s * d, -t, c * d])
  right = np.array([c, 0, -s])
  return np.stack([right, np.cross(forward, right), forward])


def _rays(size: int) -> Float[np.ndarray, 'pixels 3']:
  """Directions through the centres of pixels, in the camera's axes."""
  centres = VIEW * ((np.arange(size) + 0.5) / size * 2 - 1)
  up, right = np.meshgrid(-centres, centres, indexing='ij')
  return np.stack([right, up, np.ones_like(up)], axis=-1).reshape(-1, 3)


def _solid(room: Room, rays: np.ndarray, solid: Solid) -> geometry.Hit:
  """Where rays meet a solid, with normals in the room."""
  s, c = np.sin(solid.turn), np.cos(solid.turn)
  turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])  # to the solid's frame
  origin, own = turn @ (room.camera - solid.centre), rays @ turn.T
  shape = (solid.kind - FIRST) // 3
  if shape == 0:
    hit = geometry.box(origin, own, solid.half)
  elif shape == 1:
    hit = geometry.sphere(origin, own, solid.half[0])
  else:
    hit = geometry.cylinder(origin, own, solid.half[0], solid.half[1])
  return geometry.Hit(hit.distance, hit.normal @ turn)


def _paint(room: Room, owner: np.ndarray, normal: np.ndarray) -> tuple:
  """The class and the colour of each pixel."""
  flat = np.abs(normal).argmax(1)
  walls = np.where(flat == 1, np.where(normal[:, 1] > 0, 0, 1), 3)
  walls = np.where(flat == 2, 2, walls)
  kinds = np.array([solid.kind for solid in room.solids])
  colours = np.stack([solid.colour for solid in room.solids])
  classes = np.where(owner >= 0, kinds[owner], walls).astype(np.int8)
  # Walls have light colours, so that a dark solid is seen before them.
  paint = np.where(
    (owner >= 0)[:, None], 0.1 + 0.8 * colours[owner], room.colours[walls]
  )
  return classes, paint


def _shading(room: Room, place: np.ndarray, normal: np.ndarray) -> np.ndarray:
  """Lambert's law for one light that fades with the distance."""
  to_light = room.light - place
  length = np.sqrt((to_light**2).sum(1))
  cosine = np.maximum((normal * to_light).sum(1) / length, 0)
  return AMBIENT + (1 - AMBIENT) * cosine / (1 + 0.15 * length**2)


def _stripes(room: Room, owner, place, normal) -> np.ndarray:
  """Stripes of a width of each surface's own, 0 or 1."""
  # Whatever is normal to the surface leaves the stripes alone.
  along = np.abs(normal).argmax(1)
  across = np.where(along == 0, place[:, 2], np.abs(place[:, 0]))
  width = 0.15 + 0.1 * ((owner + 1) % 3)
  return (np.floor(across / width) % 2) * 0.5


def noisy(
  colour: np.ndarray, random: np.random.Generator, noise: float
) -> UInt8[np.ndarray, 'height width 3']:
  """Adds noise to colours and rounds them to bytes.

  Args:
    colour: from 0 to 1.
    random: only its uniform numbers are used.
    noise: standard deviation, in the same unit.
  """
  # The sum of four uniform numbers is nearly normal, in any version of NumPy.
  drawn = random.random((4, *colour.shape)).sum(0) - 2
  value = colour + noise * np.sqrt(3) * drawn
  return np.uint8(np.clip(np.round(255 * value), 0, 255))
