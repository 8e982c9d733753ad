"""How far the training of a cell has come, and the time that it took."""

import dataclasses
import time

import numpy as np


@dataclasses.dataclass
class Clock:
  """Progress of a cell's training; all times are in seconds.

  A resumed cell continues the clock of the checkpoint.

  Attributes:
    compiling: of lowering and compiling its programs, in this process.
    periods: evaluation periods that are done, over all chunks.
    in_periods: in training steps and evaluations, without compiling.
    steps: that were taken in them, of all runs together.
  """

  compiling: float
  periods: int = 0
  in_periods: float = 0.0
  steps: int = 0

  def __post_init__(self):
    self._before = 0.0  # seconds until the checkpoint was written
    self._saved = time.monotonic()
    # The programs of several cells may have been compiled before this one is
    # trained; the time in between is not part of its cost.
    self._began = self._saved - self.compiling

  @property
  def elapsed(self) -> float:
    """Seconds since the cell began, without those between two jobs."""
    return self._before + time.monotonic() - self._began

  @property
  def rate(self) -> float:
    """Steps per second of the periods."""
    # A coarse clock may not have moved.
    return self.steps / max(self.in_periods, 1e-9)

  def add_period(self, seconds: float, steps: int) -> None:
    """Counts one evaluation period.

    Args:
      seconds: that it took.
      steps: that it took, of all runs together.
    """
    self.periods += 1
    self.in_periods += seconds
    self.steps += steps

  def to_array(self) -> np.ndarray:
    """What a checkpoint holds, `[3]` float64.

    These are `elapsed`, `in_periods` and `steps`.
    """
    return np.array([self.elapsed, self.in_periods, self.steps])

  def resume(self, periods: int, saved: np.ndarray) -> None:
    """Continues from a checkpoint.

    Args:
      periods: number of the checkpoint, which is how many periods were done.
      saved: what `to_array` returned.
    """
    self.periods = periods
    self._before, self.in_periods, steps = saved.tolist()
    self.steps = int(steps)

  def due(self, every: float) -> bool:
    """Whether the last checkpoint is more than `every` seconds old."""
    return time.monotonic() - self._saved > every

  def saved(self) -> None:
    """Notes that a checkpoint has just been written."""
    self._saved = time.monotonic()
