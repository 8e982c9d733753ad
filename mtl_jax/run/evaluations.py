"""Records, logs and shows the evaluations of a cell's runs."""

import pathlib
from typing import Any

import numpy as np

from mtl_jax import records
from mtl_jax.cells import Cell, Chunk
from mtl_jax.run import messages, outcomes, stops
from mtl_jax.run.notices import Notices
from mtl_jax.run.progress import Live, RecordedProgress
from mtl_jax.run.tracking import Tracking


class Evaluations:
  """Where the results of each evaluation go.

  Args:
    cell: of the runs.
    folder: of the cell.
    live: shows progress and messages.
    notices: reports experts that are not used.
  """

  def __init__(
    self,
    cell: Cell,
    folder: pathlib.Path,
    live: Live | RecordedProgress,
    notices: Notices,
  ):
    self._cell, self._folder, self._live = cell, folder, live
    self._notices, self._tracking = notices, Tracking(cell, folder, live)

  def add(
    self,
    chunk: Chunk,
    steps: tuple[int, int],
    found: tuple[Any, outcomes.Results],
    ends: np.ndarray,
    scale: np.ndarray,
  ) -> None:
    """Takes the results of an evaluation.

    Args:
      chunk: the runs. Arrays may have more rows, of runs that repeat the last.
      steps: the first and the last step of the period.
      found: `train.Metrics` `[R, ...]` of the period, and the results on the
        validation split.
      ends: `[R]`, steps at which runs stop, see `stops.steps`.
      scale: `[R, K]`, units of the losses or metrics, see `Inputs.scale`.
    """
    cell, (metrics, valid) = self._cell, found
    lines = outcomes.evaluations(cell, chunk, steps[1], metrics, valid)
    lines = stops.going(lines, ends, steps[1])
    records.append(self._folder, *lines)
    self._tracking.add(lines)
    going = ends >= steps[1]
    readings = _of_going(metrics.readings, going)
    self._notices.collapses(chunk, steps, readings)
    losses = outcomes.mean_losses(cell, metrics.losses)
    self._live.advance((steps[1] - steps[0]) * len(chunk.runs), losses)
    if cell.config.verbose > 1:
      score = outcomes.score(cell, chunk, valid, scale, going)
      self._live.say(messages.evaluation(cell, steps[1], lines, score))

  def finish(self) -> None:
    """Logs what could not be logged before all runs were trained."""
    self._tracking.finish()

  def close(self) -> None:
    """Ends the log."""
    self._tracking.close()


def _of_going(readings: dict, going: np.ndarray) -> dict:
  """Readings `[R, ...]` with NaN for runs that have stopped."""
  return {
    name: np.where(going.reshape(-1, *[1] * (x.ndim - 1)), x, np.nan)
    for name, x in readings.items()
  }
