"""The cells that several claims rest on: every scheme with all labels."""

from __future__ import annotations

import pathlib

from experiments.claims.asked import Asked
from mtl_jax.api import compare
from mtl_jax.api.combinations import combinations
from mtl_jax.report.results import Cell

PART = 'whole'  # the folder inside the workdir
# By folder: claims of one command ask for the same cells.
_found: dict[pathlib.Path, list[Cell] | None] = {}


def forget() -> None:
  """Lets the next claim read the records again."""
  _found.clear()


def cells(asked: Asked) -> list[Cell] | None:
  """Trains `single` and the schemes with all labels and fixed weights.

  Args:
    asked: the data set, the schemes and how large.

  Returns:
    The cells, `single` first; None on processes other than 0.

  Raises:
    InputError: something cannot be trained.
  """
  part = asked.part(PART)._replace(reference=False)
  if part.folder not in _found:
    pairs = combinations([*asked.schemes], ['equal'])
    result = compare.run(part, pairs, skip_invalid=False)
    _found[part.folder] = None if result is None else [*result.cells]
  return _found[part.folder]
