"""Rows of several runs on a leading axis, on the host."""

from collections.abc import Callable, Iterable
from typing import Any

import jax
import numpy as np


def gathered(rows: np.ndarray) -> Callable:
  """Takes rows of a table by number, zeros for those behind its last."""

  def gather(x):
    found = x[np.minimum(rows, len(x) - 1)]
    found[rows == len(x)] = 0
    return found

  return gather


def padded(x: np.ndarray, length: int) -> np.ndarray:
  """With rows of zeros behind, of which no label is known."""
  return x if len(x) == length else filled([x], 1, length)[0]


def filled(trees: Iterable, count: int, length: int) -> Any:
  """Trees on a leading axis, one at a time; zeros stand behind their rows."""
  found = None
  for i, tree in enumerate(trees):
    if found is None:
      found = jax.tree.map(
        lambda x: np.zeros((count, length, *x.shape[1:]), x.dtype), tree
      )
    for whole, x in zip(*map(jax.tree.leaves, (found, tree)), strict=True):
      whole[i, : len(x)] = x
  return found
