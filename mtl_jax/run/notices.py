"""Messages that are shown and recorded once while a cell is trained."""

import functools
import pathlib
from collections.abc import Iterator

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

  @functools.cached_property
  def _collapsed(self) -> set[str]:
    """Experts that were reported, by an earlier process, too."""
    # Read at the first use: a resumed cell drops its last records before.
    return {n['expert'] for n in self._earlier() if 'expert' in n}

  @functools.cached_property
  def _faults(self) -> set[str]:
    """Texts of all notes so far, likewise."""
    return {note['text'] for note in self._earlier()}

  def _earlier(self) -> Iterator[dict]:
    lines = records.read(self._folder)
    return (line for line in lines if line['kind'] == 'note')

  def add(self, text: str, **fields: str) -> None:
    """Shows and records a message.

    Args:
      text: of the message.
      **fields: further entries of its record.
    """
    self._live.say(text)
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
