"""Trains the cells of a table, one after the other."""

import contextlib
import pathlib
import shutil
import time
from collections.abc import Callable

from mtl_jax import records
from mtl_jax.cells import Cell, fits, header
from mtl_jax.processes import hosts, signals
from mtl_jax.programs.compile_ahead import Ahead
from mtl_jax.records import checkout, locks
from mtl_jax.resources import plans
from mtl_jax.run import kept, notebook, reference_cells, starting
from mtl_jax.run.checkpoints import Checkpoints
from mtl_jax.run.loop import Training
from mtl_jax.run.progress import Live, RecordedProgress
from mtl_jax.run.resuming import again, repairs


def check(cells: list[Cell], workdir: pathlib.Path) -> None:
  """Checks that all cells that are not finished fit into memory.

  Args:
    cells: of a table.
    workdir: holds their folders.

  Raises:
    InputError: a cell is predicted not to fit.
  """
  for cell in cells:
    if not _finished(cell, workdir / 'cells' / cell.hash):
      fits.check(cell)


def train(cells: list[Cell], workdir: pathlib.Path) -> list[pathlib.Path]:
  """Trains all cells that are not finished.

  A cell that another process is training is left to it; this one waits until it
  is finished, or takes it over where the other has stopped.

  Args:
    cells: of a table.
    workdir: holds their folders.

  Returns:
    The folders of all cells.

  Raises:
    signals.Stopped: after Ctrl-C or SIGTERM; the state is saved.
  """
  with hosts.workdir(workdir) as writable:
    _train_unfinished(cells, [writable / 'cells' / cell.hash for cell in cells])
  return [workdir / 'cells' / cell.hash for cell in cells]


def _train_unfinished(cells: list[Cell], folders: list[pathlib.Path]) -> None:
  pairs = list(zip(cells, folders, strict=True))
  if hosts.is_process_0():
    for cell, folder in pairs:
      repairs.before(folder, cell.identity)
  left = [pair for pair in pairs if not _finished(*pair)]
  steps = sum(cell.steps for cell, _ in left)
  quiet = not hosts.is_process_0() or is_quiet(cells)
  live = notebook.live(steps, quiet=quiet)
  with live, signals.postponed() as signal_here:
    ahead = Ahead([cell for cell, _ in left])
    queue = _Queue(live, lambda: hosts.largest(signal_here()), ahead)
    while left := [pair for pair in left if not queue.finish(*pair)]:
      time.sleep(1)


def is_quiet(cells: list[Cell]) -> bool:
  """Whether `config.verbose` asks for errors and the table alone."""
  return all(cell.config.verbose == 0 for cell in cells)


class _Queue:
  """Takes cells in turn, and reports which of them other processes train."""

  def __init__(self, live: Live, stop_asked: Callable[[], int], ahead: Ahead):
    self._live, self._stop_asked, self._ahead = live, stop_asked, ahead
    self._reported: set[tuple[str, str]] = set()  # cell, other process

  def finish(self, cell: Cell, folder: pathlib.Path) -> bool:
    """Trains a cell to its end; False where another process is training it."""
    other = train_cell(cell, folder, self._live, self._stop_asked, self._ahead)
    if signum := self._stop_asked():
      raise signals.Stopped(signum)
    if other and (cell.name, other) not in self._reported:
      self._reported.add((cell.name, other))
      self._live.say(f'{cell.name}: {other} trains it')
    return not other


def finished(cell: Cell, folder: pathlib.Path) -> bool:
  """Whether a cell need not be trained: it is done, and has what it keeps.

  Args:
    cell: the cell.
    folder: of the cell.
  """
  done = records.finished(folder) and not kept.lacks(cell, folder)
  return done and not repairs.needed(cell, folder)


def _finished(cell: Cell, folder: pathlib.Path) -> bool:
  return bool(hosts.from_process_0(finished(cell, folder)))


def reference(cell: Cell, workdir: pathlib.Path) -> list[pathlib.Path]:
  """Fits linear models and boosted trees to a cell's data, as further cells.

  Args:
    cell: its data and seeds are taken.
    workdir: holds the folders of cells.

  Returns:
    The folders of the new cells. One is missing where no model can be fitted;
    one line says why. Trees are fitted to tables of numbers alone.
  """
  return reference_cells.begin(cell, workdir)()


def train_cell(
  cell: Cell,
  folder: pathlib.Path,
  live: Live | RecordedProgress,
  stop_asked: Callable[[], int],
  ahead: Ahead | None = None,
) -> str:
  """Trains all runs of a cell, or resumes them from its checkpoint.

  Args:
    cell: what is trained.
    folder: of the cell.
    live: shows progress and messages.
    stop_asked: returns the number of the signal that asks to stop, or 0. It is
      called after each evaluation.
    ahead: may have compiled the cell already.

  Returns:
    '', or a description of the other process that is training the cell.

  Raises:
    InputError: the cell is predicted not to fit into memory.
    signals.Stopped: after a signal; the state is saved.
  """
  with locks.held(folder) as other:
    if hosts.is_process_0() and not other:
      again.take_over(folder)
    if _finished(cell, folder):  # by another process, since the caller looked
      live.skip(cell.steps)
      return ''
    # Process 0 alone holds the lock; all of the job act on what it got.
    if hosts.from_process_0(bool(other)):
      return other or 'another process'
    ahead = ahead or Ahead([cell])
    _train_claimed(cell, folder, ahead, live, stop_asked)
    return ''


def _train_claimed(cell, folder, ahead, live, stop_asked) -> None:
  live.begin(cell.name)
  checkout.start()  # While programs are compiled or loaded.
  fits.check(cell)
  ready = ahead.take(cell)
  if hosts.is_process_0():
    again.begin(cell, folder, live.say)
  own = again.place(folder)
  if cell.initial:
    for line in starting.report(cell):
      live.say(line)
  live.once(plans.describe(cell.plan, len(cell.runs), cell.place))
  if not _has_header(own):
    records.append(own, header(cell))
  if not (own / 'config.json').exists():
    records.write_config(own, cell.identity)
  # A state fits only programs of as many runs. Where `config.parallel` has
  # changed since the checkpoint, the cell starts again from its first step.
  width = len(cell.chunks()[0].runs)
  saved = own / 'checkpoints' / f'matrix_of_{width}_runs'
  checkpoints = Checkpoints(saved, live.say)
  with contextlib.closing(checkpoints):
    Training(cell, ready, own, checkpoints, live, stop_asked).run()
  shutil.rmtree(own / 'checkpoints', ignore_errors=True)
  again.take_over(folder)


def _has_header(folder: pathlib.Path) -> bool:
  # It may have been cut off while it was written.
  return any(record['kind'] == 'cell' for record in records.read(folder))
