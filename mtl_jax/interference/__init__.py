"""Measures of interference: how much tasks help or hurt each other.

`mtl_jax.interference(data, scheme=...)` measures them in a training, see
`mtl_jax.api.interference.interference`.
"""

import importlib
import sys
import types
from typing import Any

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


class _Callable(types.ModuleType):
  """A module that is also a function of the Python interface."""

  def __call__(self, *arguments: Any, **named: Any) -> Any:
    # The interface is above this room, so that it is found by its name.
    api = importlib.import_module('mtl_jax.api.interference')
    return api.interference(*arguments, **named)


# The function has the name of this room, which may be imported before it.
sys.modules[__name__].__class__ = _Callable
