"""Runs that are trained together in one program."""

from typing import Any, NamedTuple

Run = tuple[int, dict[str, Any]]  # seed, setting of hyperparameters


class Chunk(NamedTuple):
  """Some runs of a cell.

  Attributes:
    first: number of the first of them within the cell.
    runs: the runs.
    size: how many runs the program takes, at least as many.
  """

  first: int
  runs: list[Run]
  size: int

  @property
  def padded(self) -> list[Run]:
    """The runs, with the last one repeated to fill the program."""
    return self.runs + self.runs[-1:] * (self.size - len(self.runs))
