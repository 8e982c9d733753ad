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


class Inside(NamedTuple):
  """What a stage of pictures shows of its inside.

  Attributes:
    first: features that attention to the stage reads, `[B, H, W, C]`.
    last: of the same size, its features before they are pooled.
    output: of the stage, which the next one reads.
  """

  first: Float[Array, 'batch height width inputs']
  last: Float[Array, 'batch height width channels']
  output: Any


def split(features: Any) -> tuple[Any, tuple[Any, ...]]:
  """The array of features, and what goes with it: () for a plain array."""
  if isinstance(features, Skips):
    return features
  return features, ()
