"""From config to records: the one file with a loop, a clock and files.

config -> Data -> stages -> Scheme + Balancer -> init -> advance/evaluate ->
records. `train` takes the cells of a table, one after the other.
"""

import contextlib
import json
import pathlib
import shutil
import sys
import time
from collections.abc import Callable

import jax
import numpy as np

from mtl_jax import (
  claims,
  costs,
  devices,
  fits,
  hosts,
  interrupt,
  plans,
  records,
  results,
)
from mtl_jax import reference as linear
from mtl_jax.cells import Cell, Chunk, header
from mtl_jax.checkpoints import Checkpoints
from mtl_jax.programs import Programs
from mtl_jax.progress import Live


def check(cells: list[Cell], workdir: pathlib.Path) -> None:
  """Raises `InputError` where cells that are not finished will not fit."""
  for cell in cells:
    if not _finished(workdir / 'cells' / cell.hash):
      fits.check(cell)


def train(cells: list[Cell], workdir: pathlib.Path) -> list[pathlib.Path]:
  """Trains all cells that are not finished; returns the folders of all.

  A cell that another process trains is left to it, and looked at again.

  Raises:
    interrupt.Stopped: after Ctrl-C or SIGTERM; the state is saved.
  """
  with hosts.workdir(workdir) as own:
    _train_left(cells, [own / 'cells' / cell.hash for cell in cells])
  return [workdir / 'cells' / cell.hash for cell in cells]


def _train_left(cells: list[Cell], folders: list[pathlib.Path]) -> None:
  pairs = list(zip(cells, folders, strict=True))
  left = [pair for pair in pairs if not _finished(pair[1])]
  steps = sum(cell.steps for cell, _ in left)
  told: set[tuple[str, str]] = set()
  live = Live(steps, quiet=not hosts.leads())
  with live, interrupt.postponed() as own_stop_asked:

    def stop_asked():
      return hosts.agreed(own_stop_asked())

    def trained(cell, folder):
      other = train_cell(cell, folder, live, stop_asked)
      if signum := stop_asked():
        raise interrupt.Stopped(signum)
      if other and (cell.name, other) not in told:
        live.say(f'{cell.name}: {other} trains it')
        told.add((cell.name, other))
      return not other

    while left := [pair for pair in left if not trained(*pair)]:
      time.sleep(1)


def _finished(folder: pathlib.Path) -> bool:
  return bool(hosts.told(records.finished(folder)))


def reference(cell: Cell, workdir: pathlib.Path) -> list[pathlib.Path]:
  """Linear models on a cell's data, as one more cell; returns its folder.

  Where they cannot be fitted, one line says so and there is none.
  """
  identity = {**cell.comparable, 'scheme': {'reference': linear.STRENGTHS}}
  folder = workdir / 'cells' / records.digest(identity)
  with claims.awaited(folder):
    if records.finished(folder):
      return [folder]
    return _fit_linear(cell, folder, identity)


def _fit_linear(cell, folder, identity) -> list[pathlib.Path]:
  began = time.monotonic()
  try:
    fits = [linear.fit(data) for data in cell.datas]
  except ValueError as error:
    print(f'no row of linear models: {error}', file=sys.stderr)
    return []
  each = fits if cell.config.resplit else fits * cell.config.seeds
  first = {
    **header(cell),
    'hash': folder.name,
    'scheme': 'reference',
    'balancer': '',
  }
  tests = [results.reference(seed, *fit[:2]) for seed, fit in enumerate(each)]
  cost = results.cost(fits[0][2], seconds=time.monotonic() - began)
  _write_config(folder, identity)
  records.append(folder, first, *tests, cost, {'kind': 'done'})
  return [folder]


def train_cell(
  cell: Cell, folder: pathlib.Path, live: Live, stop_asked: Callable[[], int]
) -> str:
  """Trains all runs of a cell, or goes on where it stopped.

  Returns '', or which other process trains it now.
  """
  with claims.held(folder) as other:
    if _finished(folder):  # Another process was here before.
      live.skip(cell.steps)
      return ''
    if hosts.told(bool(other)):
      return other or 'another process'
    _train_claimed(cell, folder, live, stop_asked)
    return ''


def _train_claimed(cell, folder, live, stop_asked) -> None:
  live.begin(cell.name)
  fits.check(cell)
  live.once(plans.told(cell.plan, len(cell.runs), cell.place))
  if not (folder / 'config.json').exists():
    records.append(folder, header(cell))
    _write_config(folder, cell.identity)
  # A state fits programs of as many runs: `parallel` may have changed since,
  # and then the cell starts again.
  width = len(cell.chunks()[0].runs)
  checkpoints = Checkpoints(folder / 'checkpoints' / f'{width}_runs')
  with contextlib.closing(checkpoints):
    Training(cell, folder, checkpoints, live, stop_asked).run()
  shutil.rmtree(folder / 'checkpoints')


def _write_config(folder: pathlib.Path, identity: dict) -> None:
  folder.mkdir(parents=True, exist_ok=True)
  text = json.dumps(identity, indent=2) + '\n'
  (folder / 'config.json').write_text(text, encoding='utf-8')


class Training:
  """The loop over a cell's chunks of runs and their evaluation periods."""

  def __init__(self, cell, folder, checkpoints, live, stop_asked):
    self.cell, self.folder = cell, folder
    self.checkpoints, self.live = checkpoints, live
    self.stop_asked = stop_asked
    self.evals = cell.config.evals
    self.done = 0  # evaluation periods, over all chunks
    self.seconds = 0.0  # before it was resumed
    self.training = 0.0  # in steps and evaluations alone, not in compiling
    self.trouble = []  # of each chunk: unlabelled batches, fallbacks
    self.began = self.saved = time.monotonic()

  def run(self) -> None:
    """All chunks, then what they cost."""
    chunks, evals = self.cell.chunks(), self.evals
    self.periods = len(chunks) * evals
    self.programs = Programs(self.cell)
    self.inputs = self.programs.inputs(chunks[0])
    self.compiling = self.programs.compile(self.inputs)
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
    while self.done < until:
      self.train_period(chunk)
      if self.done < until:  # A chunk at its end is tested first.
        self.save_if_due()
    found = devices.fetch(self.programs.test(self.inputs, self.state))
    state = devices.fetch(self.state)
    outcomes = results.outcomes(self.cell, chunk, state, *found)
    records.append(self.folder, *outcomes)
    self.trouble.append((state.unlabelled, state.fallbacks))
    for text in results.failures(self.cell, outcomes):
      self.live.say(text)
    if self.done < self.periods:
      self.save_if_due()

  def train_period(self, chunk: Chunk) -> None:
    """To the next evaluation, and its records."""
    start = time.monotonic()
    found = self.programs.period(self.inputs, self.state)
    self.state, (metrics, valid) = found[0], devices.fetch(found[1:])
    self.training += time.monotonic() - start
    self.done += 1
    periods = (self.done - 1) % self.evals + 1
    step = periods * self.period_steps
    lines = results.evaluations(self.cell, chunk, step, metrics.losses, valid)
    records.append(self.folder, *lines)
    self.live.advance(
      self.period_steps * len(chunk.runs),
      results.mean_losses(self.cell, metrics.losses),
    )

  def save_if_due(self) -> None:
    """Saves the state now and then, and when asked to stop."""
    signum = self.stop_asked()
    due = time.monotonic() - self.saved > self.cell.config.checkpoint_seconds
    if signum or hosts.agreed(due):
      clock = np.array([self.elapsed, self.training])
      state = self.programs.unpadded(devices.fetch(self.state))
      self.checkpoints.save(self.done, (state, clock))
      self.saved = time.monotonic()
    if signum:
      raise interrupt.Stopped(signum)

  def finish(self) -> None:
    """Records what there is to say once and what it cost; then it is done."""
    notes = results.notes(
      self.cell, *map(np.concatenate, zip(*self.trouble, strict=True))
    )
    for text in notes:
      self.live.say(text)
      records.append(self.folder, {'kind': 'note', 'text': text})
    cost = results.cost(
      costs.parameters(self.state.params) // self.programs.width,
      self.programs.flops(self.inputs, self.state),
      self.cell.steps / self.training,
      self.elapsed,
      self.compiling,
    )
    records.append(self.folder, cost, {'kind': 'done'})

  @property
  def period_steps(self) -> int:
    return self.cell.config.steps // self.cell.config.evals

  @property
  def elapsed(self) -> float:
    return self.seconds + time.monotonic() - self.began
