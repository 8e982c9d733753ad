"""Features of sequences, with their padding."""

from typing import NamedTuple

from jaxtyping import Array, Bool, Float


class Sequence(NamedTuple):
  """Features of a padded sequence; `mask` is True at what is no padding."""

  values: Float[Array, 'batch length channels']
  mask: Bool[Array, 'batch length']
