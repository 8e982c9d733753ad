"""The loop over one cell: evaluation periods, records, saved states."""

import functools
import time

import jax
import numpy as np

from mtl_jax import devices, records
from mtl_jax.cells import Chunk
from mtl_jax.processes import hosts, signals
from mtl_jax.programs.compile_ahead import Ready
from mtl_jax.run import outcomes as results
from mtl_jax.run.probing import Probing


class Training:
  """The loop over a cell's chunks of runs and their evaluation periods."""

  def __init__(self, cell, ready: Ready, folder, checkpoints, live, stop_asked):
    self.cell, self.folder = cell, folder
    self.programs, self.inputs = ready
    self.compiling = self.programs.seconds
    self.checkpoints, self.live = checkpoints, live
    self.stop_asked = stop_asked
    self.evals = cell.config.evals
    self.done = 0  # evaluation periods, over all chunks
    self.seconds = 0.0  # before it was resumed
    self.training = 0.0  # in steps and evaluations alone, not in compiling
    # Experts that it was said of, by whoever began this cell too.
    told = records.read(folder)
    self.collapsed = {note['expert'] for note in told if 'expert' in note}
    self.faults: set[str] = set()  # of metrics, that were said
    self.trouble = []  # of each chunk: unlabelled batches, fallbacks
    self.saved = time.monotonic()
    # Other cells may have been compiled meanwhile: that is not this one's time.
    self.began = self.saved - self.compiling

  def run(self) -> None:
    """All chunks, then what they cost."""
    chunks, evals = self.cell.chunks(), self.evals
    self.periods = len(chunks) * evals
    self.state = self.programs.start(self.inputs)
    self.resume(chunks)
    self.live.compiled(self.compiling)
    for number in range(self.done // evals, len(chunks)):
      if self.done == number * evals and number:
        self.begin(chunks[number])
      self.train_chunk(chunks[number], until=(number + 1) * evals)
    self.finish()

  def begin(self, chunk: Chunk) -> None:
    """Brings a chunk's data, and its runs' first states."""
    self.inputs = self.programs.inputs(chunk)
    self.state = self.programs.start(self.inputs)

  def resume(self, chunks: list[Chunk]) -> None:
    """Takes up the newest saved state, if there is one."""
    latest = self.checkpoints.latest()
    if latest is None:
      return
    like = jax.eval_shape(self.programs.unpadded, self.state)
    state, clock = self.checkpoints.restore((like, np.zeros(2)))
    self.done, (self.seconds, self.training) = latest, clock.tolist()
    if latest % self.evals:
      self.inputs = self.programs.inputs(chunks[latest // self.evals])
      self.state = self.programs.place(state)
    self.live.skip(self.done * self.period_steps * chunks[0].size)
    self.live.say(f'{self.cell.name}: going on where it stopped')

  def train_chunk(self, chunk: Chunk, until: int) -> None:
    """Trains to the chunk's end, then reads the test split, once."""
    if self.done % self.evals == 0:
      self.probe(chunk, step=0)
    while self.done < until:
      self.train_period(chunk)
      if self.done < until:  # A chunk at its end is tested first.
        self.save_if_due()
    found = self.programs.test(self.inputs, self.state)
    self.say_faults()
    state = devices.fetch(self.state)
    outcomes = results.outcomes(self.cell, chunk, state, *found)
    records.append(self.folder, *outcomes)
    self.probing.keep_features(self.folder, chunk, self.inputs, self.state)
    self.trouble.append((state.unlabelled, state.fallbacks))
    for text in results.failures(self.cell, outcomes):
      self.live.say(text)
    if self.done < self.periods:
      self.save_if_due()

  def train_period(self, chunk: Chunk) -> None:
    """To the next evaluation, and its records."""
    start = time.monotonic()
    found = self.programs.period(self.inputs, self.state)
    self.state, metrics, valid = found
    self.training += time.monotonic() - start
    self.done += 1
    periods = (self.done - 1) % self.evals + 1
    step = periods * self.period_steps
    lines = results.evaluations(self.cell, chunk, step, metrics, valid)
    records.append(self.folder, *lines)
    self.say_faults()
    self.watch(chunk, step, metrics.readings)
    self.probe(chunk, step)
    self.live.advance(
      self.period_steps * len(chunk.runs),
      results.mean_losses(self.cell, metrics.losses),
    )

  def probe(self, chunk: Chunk, step: int) -> None:
    """Measures what tasks do to each other now, if that is asked for."""
    lines = self.probing.look(chunk, self.inputs, self.state, step)
    if lines:
      records.append(self.folder, *lines)

  def watch(self, chunk: Chunk, step: int, readings: dict) -> None:
    """Says once which experts are not used."""
    steps = step - self.period_steps, step
    found = results.collapses(self.cell, chunk, steps, readings)
    for expert, text in found.items():
      if expert not in self.collapsed:
        self.collapsed.add(expert)
        self.live.say(text)
        note = {'kind': 'note', 'text': text, 'expert': expert}
        records.append(self.folder, note)

  def say_faults(self) -> None:
    """Says once which metrics raised; they are NaN and the runs go on."""
    while self.programs.measuring.faults:
      text = f'{self.cell.name}: {self.programs.measuring.faults.pop()}'
      if text not in self.faults:
        self.faults.add(text)
        self.live.say(text)
        records.append(self.folder, {'kind': 'note', 'text': text})

  def save_if_due(self) -> None:
    """Saves the state now and then, and when asked to stop."""
    signum = self.stop_asked()
    due = time.monotonic() - self.saved > self.cell.config.checkpoint_seconds
    if signum or hosts.largest(due):
      clock = np.array([self.elapsed, self.training])
      state = self.programs.unpadded(devices.fetch(self.state))
      self.checkpoints.save(self.done, (state, clock))
      self.saved = time.monotonic()
    if signum:
      raise signals.Stopped(signum)

  def finish(self) -> None:
    """Records what there is to say once and what it cost; then it is done."""
    notes = results.notes(
      self.cell, *map(np.concatenate, zip(*self.trouble, strict=True))
    )
    for text in notes:
      self.live.say(text)
      records.append(self.folder, {'kind': 'note', 'text': text})
    cost = results.cost(
      self.cell.facts.parameters,
      self.cell.facts.flops,
      self.cell.steps / self.training,
      self.elapsed,
      self.compiling,
      self.probing.seconds,
    )
    records.append(self.folder, cost, {'kind': 'done'})

  @functools.cached_property
  def probing(self) -> Probing:
    return Probing(self.cell, self.programs)

  @property
  def period_steps(self) -> int:
    return self.cell.config.steps // self.cell.config.evals

  @property
  def elapsed(self) -> float:
    return self.seconds + time.monotonic() - self.began
