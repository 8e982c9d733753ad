"""Measures of interference: how much tasks help or hurt each other."""

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
