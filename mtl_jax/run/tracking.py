"""Logs learning curves while a cell is trained, as `config.log` asks."""

import math
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from mtl_jax import records
from mtl_jax.cells import Cell
from mtl_jax.errors import InputError
from mtl_jax.processes import hosts
from mtl_jax.records import logs
from mtl_jax.run.progress import Live, RecordedProgress

PARTS = ('train_loss', 'valid', 'weights')  # of a record


class Tracking:
  """Passes each evaluation to the log once, however often a cell is resumed.

  A value of run 3 is named `run_3/valid/<task>/<metric>`, and the mean over the
  runs `valid/<task>/<metric>`. Where runs are trained in turns, means are
  logged with the last of them.

  Args:
    cell: what is trained.
    folder: of the cell.
    live: shows a message where the log fails.
  """

  def __init__(
    self, cell: Cell, folder: pathlib.Path, live: Live | RecordedProgress
  ):
    self._name, self._live, self._log = cell.config.log, live, None
    if not (self._name and hosts.is_process_0()):
      return
    self._last = cell.chunks()[-1].first  # run of the last chunk
    # By step and run, numbers that are recorded; earlier processes logged them.
    self._found: dict[int, dict[int, dict[str, float]]] = {}
    for line in records.read(folder):
      if line['kind'] == 'eval':
        self._keep(line)
    self._means = {step for step in self._found if self._is_last(step)}
    self._log = self._started(cell, folder)

  def add(self, lines: list[dict]) -> None:
    """Logs the records of an evaluation, unless they were logged before."""
    if self._log is None:
      return
    values: dict[str, float] = {}
    for line in lines:
      if self._keep(line):
        own = self._found[line['step']][line['run']]
        values |= {f'run_{line["run"]}/{k}': v for k, v in own.items()}
    step = lines[0]['step']
    means = self._mean(step) if self._is_last(step) else {}
    if values | means:
      self._call(lambda: self._log.log(step, values | means))

  def finish(self) -> None:
    """Logs means of steps that no run of the last chunk has reached."""
    if self._log is not None:
      for step in sorted(self._found):
        if means := self._mean(step):
          self._call(lambda step=step, means=means: self._log.log(step, means))

  def close(self) -> None:
    """Closes the log."""
    if self._log is not None:
      self._call(lambda: self._log.close())
      self._log = None

  def _started(self, cell: Cell, folder: pathlib.Path) -> Any:
    log = logs.make(self._name)
    try:
      log.start(cell.config.to_dict(), folder)
    except Exception as error:  # A user's log may raise anything.
      raise InputError(f'config.log={self._name}: {_said(error)}') from error
    return log

  def _keep(self, line: dict) -> bool:
    """Keeps the numbers of a record; False where they were kept before."""
    runs = self._found.setdefault(line['step'], {})
    known = line['run'] in runs
    runs.setdefault(line['run'], _numbers(line))
    return not known

  def _is_last(self, step: int) -> bool:
    return any(run >= self._last for run in self._found[step])

  def _mean(self, step: int) -> dict[str, float]:
    """Means over the runs; {} where they were logged before."""
    if step in self._means:
      return {}
    self._means.add(step)
    values: dict[str, list[float]] = {}
    for own in self._found[step].values():
      for name, value in own.items():
        values.setdefault(name, []).append(value)
    return {name: float(np.mean(each)) for name, each in values.items()}

  def _call(self, method: Callable[[], None]) -> None:
    """Calls the log; where it fails, the training goes on without it."""
    try:
      method()
    except Exception as error:  # A user's log may raise anything.
      self._log = None
      self._live.say(
        f'config.log={self._name}: {_said(error)}; nothing more is logged'
      )


def _numbers(line: dict) -> dict[str, float]:
  """The finite numbers of an evaluation's record by name."""
  found = {part: line[part] for part in PARTS if part in line}
  flat = {k.replace('.', '/'): v for k, v in records.flat(found).items()}
  return {
    name: value
    for name, value in flat.items()
    if isinstance(value, float | int) and math.isfinite(value)
  }


def _said(error: Exception) -> str:
  text = ' '.join(str(error).split())
  return f'{type(error).__name__}: {text}' if text else type(error).__name__
