"""Features of pictures, with what an encoder keeps for its decoder."""

from typing import Any, NamedTuple

from jaxtyping import Array, Float


class Skips(NamedTuple):
  """Features of a picture, and what earlier stages left for later ones.

  Attributes:
    values: the features.
    skips: of earlier stages that are not used yet, the newest last: feature
      maps, or places of pooled maxima.
  """

  values: Float[Array, 'batch height width channels']
  skips: tuple[Any, ...]


def split(features: Any) -> tuple[Any, tuple[Any, ...]]:
  """The array of features, and what goes with it: () for a plain array."""
  if isinstance(features, Skips):
    return features
  return features, ()
