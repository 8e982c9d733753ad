"""How tasks help and hurt each other, as numbers."""

from mtl_jax.interference import feature_similarity
from mtl_jax.interference.measures import (
  OF_ALL,
  OF_PAIRS,
  corrected_cosines,
  cosines,
  curvature,
  linear_cka,
  look_ahead,
  rsa,
)

__all__ = [
  'OF_ALL',
  'OF_PAIRS',
  'corrected_cosines',
  'cosines',
  'curvature',
  'feature_similarity',
  'linear_cka',
  'look_ahead',
  'rsa',
]
