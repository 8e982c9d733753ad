"""Colours of maps, told apart in print and by the colour-blind.

Classes and lengths differ in lightness; directions between blue and orange, and
from dark to light.
"""

import math

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib.colors import ListedColormap, to_rgb

MISSING = '#cc3311'
_LEFT, _RIGHT = np.array(to_rgb('#0072B2')), np.array(to_rgb('#E69F00'))


def lengths() -> matplotlib.colors.Colormap:
  """Colours of numbers, the larger the lighter."""
  return matplotlib.colormaps['cividis'].with_extremes(bad=MISSING)


def classes(count: int) -> ListedColormap:
  """Colours of classes; those of near numbers are far apart in lightness.

  Args:
    count: number of classes, at least 1.
  """
  # Near the golden section of the classes, and coprime to them: all are met.
  stride = max(1, round(0.382 * count))
  while math.gcd(stride, count) > 1:
    stride += 1
  places = np.arange(count) * stride % count / max(1, count - 1)
  colours = matplotlib.colormaps['viridis'](places)
  return ListedColormap(colours).with_extremes(bad=MISSING)


def directions(
  vectors: Float[np.ndarray, '*shape 3'],
) -> Float[np.ndarray, '*shape 3']:
  """Colours of unit vectors that point to the right, upwards, at the camera.

  Args:
    vectors: (0, 0, 0) is a missing one.

  Returns:
    Red, green and blue, from 0 to 1: orange to the right, blue to the left,
    lighter upwards, darker downwards.
  """
  vectors = np.clip(np.asarray(vectors, np.float64), -1, 1)
  right, up = vectors[..., :1], vectors[..., 1:2]
  colour = (1 + right) / 2 * _RIGHT + (1 - right) / 2 * _LEFT
  # White and black themselves are no colour of a direction.
  colour += 0.85 * np.abs(up) * (np.where(up > 0, 1, 0) - colour)
  missing = ~vectors.any(-1, keepdims=True)
  return np.where(missing, to_rgb(MISSING), colour)


def hemisphere(size: int = 101) -> Float[np.ndarray, 'size size 4']:
  """A ball seen from the camera, whose colours say its directions.

  Args:
    size: height and width in pixels.

  Returns:
    Red, green, blue and opacity; outside the ball nothing.
  """
  places = np.linspace(-1, 1, size)
  right, up = np.meshgrid(places, -places)
  square = right**2 + up**2
  towards = np.sqrt(np.maximum(1 - square, 0))
  colour = directions(np.stack([right, up, towards], -1))
  return np.concatenate([colour, (square <= 1)[..., None]], -1)
