"""Arrays of several runs on a leading axis, padded with zeros, on the host."""

from collections.abc import Callable, Iterable
from typing import Any

import jax
import numpy as np


def gathered(rows: np.ndarray) -> Callable:
  """Returns a function that gathers rows of a table by number.

  Args:
    rows: row numbers; the number of rows of the table marks padding, for which
      the result is 0.
  """

  def gather(x):
    # Clipped, so that the number that marks padding is a valid index.
    values = x[np.minimum(rows, len(x) - 1)]
    values[rows == len(x)] = 0
    return values

  return gather


def padded(x: np.ndarray, length: int) -> np.ndarray:
  """Appends rows of zeros.

  In a mask, such rows are False, so no label of theirs is known.

  Args:
    x: array `[N, ...]`.
    length: number of rows of the result, at least N.
  """
  return x if len(x) == length else filled([x], 1, length)[0]


def filled(trees: Iterable, count: int, length: int) -> Any:
  """Stacks pytrees on a leading axis and pads their rows with zeros.

  The trees are consumed one at a time, so an iterator need not hold them all.

  Args:
    trees: pytrees of arrays `[n, ...]`, whose n may differ.
    count: number of trees.
    length: number of rows of the result, at least every n.

  Returns:
    A pytree of arrays `[count, length, ...]`, or None without trees.
  """
  stacked = None
  for i, tree in enumerate(trees):
    if stacked is None:  # Shapes and types are known with the first tree.
      stacked = jax.tree.map(
        lambda x: np.zeros((count, length, *x.shape[1:]), x.dtype), tree
      )
    for whole, x in zip(*map(jax.tree.leaves, (stacked, tree)), strict=True):
      whole[i, : len(x)] = x
  return stacked
