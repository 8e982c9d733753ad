"""Draws rooms: their size, a camera, a light, and solids on the floor."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

# The four surfaces of a room, then three kinds of each solid, by proportions.
CLASSES = (
  *('floor', 'ceiling', 'back wall', 'side wall'),
  *('crate', 'table', 'shelf'),
  *('marble', 'ball', 'globe'),
  *('disc', 'can', 'column'),
)
SOLIDS = 'box', 'sphere', 'cylinder'
FIRST = 4  # number of the first class of a solid
# Half sizes (x, y, z) in metres of the kinds, before they are varied by 20 %.
HALF = np.array(
  [
    *([0.3, 0.3, 0.3], [0.6, 0.2, 0.4], [0.25, 0.9, 0.15]),
    *([0.15] * 3, [0.28] * 3, [0.45] * 3),
    *([0.5, 0.08, 0.5], [0.2, 0.3, 0.2], [0.18, 1.0, 0.18]),
  ]
)


class Solid(NamedTuple):
  """A solid on the floor.

  Attributes:
    kind: number of its class.
    centre: in metres, `[3]`.
    half: half its size along each axis of its own, `[3]`.
    turn: about the vertical axis, in radians.
    colour: red, green, blue, each from 0 to 1.
  """

  kind: int
  centre: Float[np.ndarray, '3']
  half: Float[np.ndarray, '3']
  turn: float
  colour: Float[np.ndarray, '3']


class Room(NamedTuple):
  """A room with a camera at its front wall.

  Attributes:
    size: width, height and depth in metres.
    camera: position.
    turn: of the camera to the right, in radians.
    tilt: of the camera downwards, in radians.
    light: position of the light.
    colours: of floor, ceiling, back wall and side walls, `[4, 3]`.
    solids: on the floor; they may overlap.
  """

  size: Float[np.ndarray, '3']
  camera: Float[np.ndarray, '3']
  turn: float
  tilt: float
  light: Float[np.ndarray, '3']
  colours: Float[np.ndarray, '4 3']
  solids: tuple[Solid, ...]


def draw(random: np.random.Generator, most: int) -> Room:
  """Draws a room.

  Args:
    random: only its uniform numbers are used, which no version changes.
    most: solids; there is at least one.

  Returns:
    The room.
  """
  size = np.array([3.0, 2.4, 4.0]) + [2, 0.6, 2] * random.random(3)
  camera = np.array(
    [
      0.5 * size[0] * (random.random() - 0.5),
      1.1 + 0.6 * random.random(),
      0.1 + 0.2 * random.random(),
    ]
  )
  light = size * [0.5, 0.9, 0.6] * (random.random(3) - [0.5, 0, 0])
  light[1] = size[1] * (0.75 + 0.2 * random.random())
  turn, tilt = 0.5 * (random.random() - 0.5), 0.15 + 0.25 * random.random()
  colours = 0.35 + 0.6 * random.random((FIRST, 3))
  count = 1 + int(most * random.random())
  solids = tuple(_solid(random, size) for _ in range(count))
  return Room(size, camera, turn, tilt, light, colours, solids)


def _solid(random: np.random.Generator, size: np.ndarray) -> Solid:
  kind = int(len(HALF) * random.random())
  scale = 0.8 + 0.4 * random.random(3)
  if kind // 3 > 0:  # Spheres stay spheres, and cylinders have circles.
    scale[2] = scale[0]
  if kind // 3 == 1:
    scale[1] = scale[0]
  half = HALF[kind] * scale
  # Not at the camera, which is at the front wall, and inside the room.
  reach = max(half[0], half[2])
  across = (size[0] - 2 * reach) * (random.random() - 0.5)
  along = 1.4 + reach + (size[2] - 1.4 - 2 * reach) * random.random()
  centre = np.array([across, half[1], along])
  turn = 2 * np.pi * random.random()
  return Solid(FIRST + kind, centre, half, turn, random.random(3))


def mirrored(room: Room) -> Room:
  """The room as a mirror shows it: left and right are exchanged."""
  flip = np.array([-1.0, 1.0, 1.0])
  solids = tuple(
    solid._replace(centre=solid.centre * flip, turn=-solid.turn)
    for solid in room.solids
  )
  return room._replace(
    camera=room.camera * flip,
    turn=-room.turn,
    light=room.light * flip,
    solids=solids,
  )
