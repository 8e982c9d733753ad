"""Where rays meet a room, a box, a sphere or a cylinder, and the normals there.

Coordinates are metres: x to the right, y upwards, z away from the front wall.
All functions take the origin `[3]` and directions `[P, 3]` of P rays in the
frame of the solid, and return the distance along each ray, infinite where it
misses, and the outer normal `[P, 3]`.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

Vector = Float[np.ndarray, '3']
Rays = Float[np.ndarray, 'rays 3']
FAR, NEAR = np.inf, 1e-6


class Hit(NamedTuple):
  """Where rays meet a solid.

  Attributes:
    distance: in multiples of the length of the direction.
    normal: unit vectors that point out of the solid.
  """

  distance: Float[np.ndarray, 'rays']
  normal: Rays


def room(origin: Vector, rays: Rays, size: Vector) -> Hit:
  """The inside of a box from (-w / 2, 0, 0) to (w / 2, h, d).

  Args:
    origin: inside the room.
    rays: directions.
    size: width w, height h and depth d.
  """
  high = np.array([size[0] / 2, size[1], size[2]])
  low = np.array([-size[0] / 2, 0, 0])
  with np.errstate(divide='ignore', invalid='ignore'):
    each = np.where(rays > 0, high - origin, low - origin) / rays
  each[rays == 0] = FAR
  side = each.argmin(1)
  rows = np.arange(len(rays))
  normal = np.zeros_like(rays)
  normal[rows, side] = -np.sign(rays[rows, side])  # It points into the room.
  return Hit(each[rows, side], normal)


def box(origin: Vector, rays: Rays, half: Vector) -> Hit:
  """A box around the origin of its frame.

  Args:
    origin: of the rays, outside the box.
    rays: directions.
    half: half its size along each axis.
  """
  with np.errstate(divide='ignore', invalid='ignore'):
    one, other = (-half - origin) / rays, (half - origin) / rays
  inside = (np.abs(origin) <= half)[None]
  flat = rays == 0
  enter = np.where(flat, np.where(inside, -FAR, FAR), np.minimum(one, other))
  leave = np.where(flat, FAR, np.maximum(one, other))
  side = enter.argmax(1)
  rows = np.arange(len(rays))
  near = enter[rows, side]
  hit = (near <= leave.min(1)) & (near > NEAR)
  normal = np.zeros_like(rays)
  normal[rows, side] = -np.sign(rays[rows, side])
  return Hit(np.where(hit, near, FAR), normal)


def sphere(origin: Vector, rays: Rays, radius: float) -> Hit:
  """A sphere around the origin of its frame."""
  near = _first_root(
    (rays**2).sum(1), rays @ origin, origin @ origin - radius**2
  )
  place = origin + np.where(np.isfinite(near), near, 0)[:, None] * rays
  return Hit(near, place / radius)


def cylinder(origin: Vector, rays: Rays, radius: float, half: float) -> Hit:
  """An upright cylinder around the origin of its frame, with both ends.

  Args:
    origin: of the rays, outside the cylinder.
    rays: directions.
    radius: of its circle.
    half: half its height.
  """
  flat_origin, flat = origin[[0, 2]], rays[:, [0, 2]]
  side = _first_root(
    (flat**2).sum(1), flat @ flat_origin, flat_origin @ flat_origin - radius**2
  )
  height = origin[1] + np.where(np.isfinite(side), side, 0) * rays[:, 1]
  side = np.where(np.abs(height) <= half, side, FAR)
  # From above only the upper end can be seen, from below the lower one.
  end = half * np.sign(origin[1])
  with np.errstate(divide='ignore', invalid='ignore'):
    cap = (end - origin[1]) / rays[:, 1]
  cap = np.where((np.abs(origin[1]) > half) & (cap > NEAR), cap, FAR)
  place = flat_origin + np.where(np.isfinite(cap), cap, 0)[:, None] * flat
  cap = np.where((place**2).sum(1) <= radius**2, cap, FAR)
  at_side = flat_origin + np.where(np.isfinite(side), side, 0)[:, None] * flat
  normal = np.zeros_like(rays)
  normal[:, [0, 2]] = at_side / radius
  ended = cap < side
  normal[ended] = [0, np.sign(end), 0]
  return Hit(np.minimum(side, cap), normal)


def _first_root(a, b, c):
  """The smaller root of `a t^2 + 2 b t + c`; infinite if none is ahead."""
  square = b**2 - a * c
  with np.errstate(invalid='ignore', divide='ignore'):
    near = (-b - np.sqrt(square)) / a
  return np.where((square > 0) & (near > NEAR), near, FAR)
