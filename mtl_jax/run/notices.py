"""Messages that are shown and recorded once while a cell is trained."""

import pathlib

import numpy as np

from mtl_jax import records
from mtl_jax.cells import Cell, Chunk
from mtl_jax.programs.measuring import Measuring
from mtl_jax.run import messages
from mtl_jax.run.progress import Live, RecordedProgress


class Notices:
  """Shows each message once, and records it as a note of the cell.

  Args:
    cell: the messages are about it.
    folder: of the cell.
    live: shows the messages.
  """

  def __init__(
    self, cell: Cell, folder: pathlib.Path, live: Live | RecordedProgress
  ):
    self._cell, self._folder, self._live = cell, folder, live
    # An earlier process may have reported some experts of this cell already.
    earlier = list(records.read(folder))
    self._collapsed = {line['expert'] for line in earlier if 'expert' in line}
    self._recorded = {line.get('text') for line in earlier}
    self._faults: set[str] = set()

  def add(self, text: str, **fields: str) -> None:
    """Shows a message, and records it unless an earlier process has.

    Args:
      text: of the message.
      **fields: further entries of its record.
    """
    self._live.say(text)
    if text not in self._recorded:
      self._recorded.add(text)
      note = {'kind': 'note', 'text': text, **fields}
      records.append(self._folder, note)

  def collapses(
    self,
    chunk: Chunk,
    steps: tuple[int, int],
    readings: dict[str, np.ndarray],
  ) -> None:
    """Reports experts that are hardly used, unless reported before.

    Args:
      chunk: the runs of the readings.
      steps: the first and the last step of the period.
      readings: means over the steps of the period, `[R, ...]`.
    """
    collapses = messages.collapses(self._cell, chunk, steps, readings)
    for expert, text in collapses.items():
      if expert not in self._collapsed:
        self._collapsed.add(expert)
        self.add(text, expert=expert)

  def faults(self, measuring: Measuring) -> None:
    """Reports metrics that raised an error; their values are NaN."""
    while measuring.faults:
      text = f'{self._cell.name}: {measuring.faults.pop()}'
      if text not in self._faults:
        self._faults.add(text)
        self.add(text)
