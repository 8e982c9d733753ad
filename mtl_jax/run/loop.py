"""The training loop of one cell: evaluation periods, records, checkpoints."""

import contextlib
import functools
import itertools
import pathlib
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from mtl_jax import devices, records
from mtl_jax.cells import Cell, Chunk
from mtl_jax.processes import hosts, signals
from mtl_jax.programs.compile_ahead import Ready
from mtl_jax.records import digests, made
from mtl_jax.run import (
  made_by,
  messages,
  outcomes,
  resuming,
  starting,
  step_counts,
  stops,
)
from mtl_jax.run.checkpoints import Checkpoints
from mtl_jax.run.clock import Clock
from mtl_jax.run.evaluations import Evaluations
from mtl_jax.run.kept import Keeper
from mtl_jax.run.notices import Notices
from mtl_jax.run.probing import Probing
from mtl_jax.run.progress import Live, RecordedProgress


class Training:
  """Trains the chunks of a cell's runs, one after the other.

  Args:
    cell: what is trained.
    ready: its compiled programs and the inputs of its first chunk.
    folder: of the cell; records are appended to its file.
    checkpoints: where states are saved.
    live: shows progress and messages.
    stop_asked: returns the number of the signal that asks to stop, or 0.
  """

  def __init__(
    self,
    cell: Cell,
    ready: Ready,
    folder: pathlib.Path,
    checkpoints: Checkpoints,
    live: Live | RecordedProgress,
    stop_asked: Callable[[], int],
  ):
    self.cell, self.folder = cell, folder
    self.programs, self.inputs = ready
    self.checkpoints, self.live = checkpoints, live
    self.stop_asked = stop_asked
    self.evals = cell.evals
    self.clock = Clock(self.programs.seconds)
    self.notices = Notices(cell, folder, live)
    self.keeper = Keeper(cell, folder)
    self.evaluations = Evaluations(cell, folder, live, self.notices)
    self.counts = []  # records of the chunks, see `step_counts.of_chunk`

  def run(self) -> None:
    """Trains all chunks, then records the cost of the cell."""
    chunks = self.cell.chunks()
    self.periods = len(chunks) * self.evals
    with contextlib.closing(self.evaluations):
      self.train(chunks)

  def train(self, chunks: list[Chunk]) -> None:
    """Trains the chunks that an earlier process has not finished."""
    evals = self.evals
    self.state = self.started(chunks[0])
    self.resume(chunks)
    self.live.compiled(self.clock.compiling)
    for number in range(self.clock.periods // evals, len(chunks)):
      if self.clock.periods == number * evals and number:
        self.begin(chunks[number])
      self.train_chunk(chunks[number], until=(number + 1) * evals)
    self.evaluations.finish()
    self.finish()

  def begin(self, chunk: Chunk) -> None:
    """Loads the inputs of a chunk and initializes its runs."""
    self.inputs = self.state = None  # frees the memory of the last chunk
    self.inputs = self.programs.inputs(chunk)
    self.state = self.started(chunk)

  def started(self, chunk: Chunk) -> Any:
    """The first states of a chunk's runs, whose inputs are loaded."""
    return starting.start(self.cell, self.programs, self.inputs, chunk)

  def resume(self, chunks: list[Chunk]) -> None:
    """Restores the newest checkpoint, if there is one."""
    checkpoints, live = self.checkpoints, self.live
    latest = resuming.begin(self.cell, self.folder, checkpoints, live)
    if hosts.is_process_0():
      made_by.begin(self.cell, self.folder, resumed=latest is not None)
    if latest is None:
      return
    like = jax.eval_shape(self.programs.unpadded, self.state)
    state, saved = self.checkpoints.restore((like, np.zeros(3)))
    self.clock.resume(latest, saved)
    # At the end of a chunk its state is of no more use: the next one begins.
    if latest % self.evals:
      self.inputs = self.state = None
      self.inputs = self.programs.inputs(chunks[latest // self.evals])
      self.state = self.programs.place(state)
    # Runs that only fill the devices are not counted.
    steps = sum(
      len(chunks[i // self.evals].runs) * self.steps_of(i)
      for i in range(latest)
    )
    self.live.skip(steps)
    self.live.say(f'{self.cell.name}: resuming from its checkpoint')

  def train_chunk(self, chunk: Chunk, until: int) -> None:
    """Trains a chunk to its end, then evaluates it on the test split, once.

    Args:
      chunk: its runs; `inputs` and `state` are of this chunk.
      until: number of evaluation periods, over all chunks, at its end.
    """
    if self.clock.periods % self.evals == 0:
      self.probe(chunk, step=0)
    while self.clock.periods < until:
      if self.train_period(chunk):
        self.skip_to(until, chunk)
      # At its end a chunk is saved only after its test results are recorded.
      if self.clock.periods < until:
        self.save_if_due()
    self.test(chunk)
    if self.clock.periods < self.periods:
      self.save_if_due()

  def test(self, chunk: Chunk) -> None:
    """Evaluates the best parameters of a chunk's runs and records results."""
    results = self.programs.test(self.inputs, self.state)
    of_tasks = self.programs.test_each(self.inputs, self.state)
    self.notices.faults(self.programs.measuring)
    state = devices.fetch(self.state)
    lines = outcomes.outcomes(self.cell, chunk, state, *results, of_tasks)
    outputs, last = self.programs.measuring.outputs, self.is_last(chunk)
    self.keeper.add(chunk, state, outputs, lines, last)
    records.append(self.folder, *lines)
    self.probing.save_features(self.folder, chunk, self.inputs, self.state)
    if hosts.is_process_0():
      for path in self.folder.glob(f'*_{chunk.first}.npy'):
        digests.write_beside(path)
    self.counts.append(step_counts.of_chunk(chunk, state))
    if not last:  # A process that resumes the cell has not counted them.
      records.append(self.folder, self.counts[-1])
    for text in messages.failures(self.cell, lines):
      self.live.say(text)

  def train_period(self, chunk: Chunk) -> bool:
    """Trains to the next evaluation and records its results.

    Returns:
      Whether all runs of the chunk have stopped.
    """
    start, number = time.monotonic(), self.clock.periods % self.evals
    self.state, *found = self.programs.period(
      self.inputs, self.state, last=number == self.evals - 1
    )
    taken = self.steps_of(number)
    self.clock.add_period(time.monotonic() - start, taken * len(chunk.runs))
    first = number * self.cell.sizes.steps
    step, ends = first + taken, stops.now(self.cell, self.state.best)
    self.evaluations.add(
      chunk, (first, step), tuple(found), ends, self.inputs.scale
    )
    self.notices.faults(self.programs.measuring)
    self.probe(chunk, step, ends)
    return bool((ends <= step).all())

  def is_last(self, chunk: Chunk) -> bool:
    """Whether no other chunk is trained after this one."""
    return chunk.first + len(chunk.runs) == len(self.cell.runs)

  def skip_to(self, periods: int, chunk: Chunk) -> None:
    """Skips the periods up to a number, since all runs have stopped."""
    left = sum(map(self.steps_of, range(self.clock.periods, periods)))
    self.live.skip(left * len(chunk.runs))
    self.clock.periods = periods

  def probe(self, chunk: Chunk, step: int, ends: Any = None) -> None:
    """Measures interference between tasks, if `config.probe` asks for it.

    Args:
      chunk: the runs to measure.
      step: training steps that they have taken.
      ends: `[R]`, steps at which runs stop; None before the first.
    """
    lines = self.probing.measure(chunk, self.inputs, self.state, step)
    ends = itertools.repeat(step) if ends is None else ends
    if lines:
      records.append(self.folder, *stops.going(lines, ends, step))

  def save_if_due(self) -> None:
    """Saves the state every `config.checkpoint_seconds`, or before a stop.

    Raises:
      signals.Stopped: a signal asked to stop; the state is saved.
    """
    signum = self.stop_asked()
    due = self.clock.due(self.cell.config.checkpoint_seconds)
    # Clocks of processes differ, and all of them must fetch the state.
    if signum or hosts.largest(due):
      saved = self.clock.to_array()
      state = self.programs.unpadded(devices.fetch(self.state))
      if hosts.is_process_0():
        records.sync(self.folder)  # Nothing before a checkpoint is made again.
      written = digests.start_of_records(self.folder)
      self.checkpoints.save(self.clock.periods, (state, saved), records=written)
      self.clock.saved()
    if signum:
      raise signals.Stopped(signum)

  def finish(self) -> None:
    """Records notes and the cost of the cell, and that it is complete."""
    lines = *records.read(self.folder), *self.counts
    for text in messages.notes(self.cell, *step_counts.joined(lines)):
      self.notices.add(text)
    self.keeper.finish()
    cost = outcomes.cost(
      self.cell.facts.parameters,
      self.cell.facts.flops,
      self.clock.rate,
      self.clock.elapsed,
      self.clock.compiling,
      self.probing.seconds,
      self.cell.facts.predict_flops,
      self.programs.memory(),
      grad_tag_seconds=self.probing.grad_tag_seconds,
    )
    made.end(self.folder)
    records.append(self.folder, cost, {'kind': 'done'})
    if hosts.is_process_0():
      records.sync(self.folder)
      digests.write_of_records(self.folder)

  @functools.cached_property
  def probing(self) -> Probing:
    """Measures interference; made at its first use."""
    return Probing(self.cell, self.programs)

  def steps_of(self, period: int) -> int:
    """Training steps of one run in a period, counted over all chunks."""
    last = period % self.evals == self.evals - 1
    return self.cell.last_steps if last else self.cell.sizes.steps
