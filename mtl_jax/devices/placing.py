"""What many cells read lies once on each device."""

import threading
import weakref
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from mtl_jax.devices import sharding

_placed: dict[tuple, tuple[weakref.ref, weakref.ref]] = {}
_placing = threading.Lock()  # cells are prepared side by side


def once(tree: Any, mesh: Mesh | None = None) -> Any:
  """A copy on each device; one for all who place the same host arrays.

  It lives as long as any of them holds it.
  """
  with _placing:
    return jax.tree.map(lambda x: _once(x, mesh), tree)


def _once(x: np.ndarray, mesh: Mesh | None) -> jax.Array:
  key = (id(x), mesh)
  nothing = (lambda: None,) * 2
  # An id may be another array's by now.
  of, found = (reference() for reference in _placed.get(key, nothing))
  if of is x and found is not None:
    return found
  found = sharding.place(x, over_runs=False, mesh=mesh)
  gone = [k for k, (_, placed) in _placed.items() if placed() is None]
  for old in gone:
    del _placed[old]
  _placed[key] = weakref.ref(x), weakref.ref(found)
  return found
