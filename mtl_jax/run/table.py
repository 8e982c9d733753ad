"""From config to records: the one file with a loop, a clock and files.

config -> Data -> stages -> Scheme + Balancer -> init -> advance/evaluate ->
records. `train` takes the cells of a table, one after the other.
"""

import contextlib
import pathlib
import shutil
import time
from collections.abc import Callable

from mtl_jax import records
from mtl_jax.cells import Cell, fits, header
from mtl_jax.processes import hosts, signals
from mtl_jax.programs.compile_ahead import Ahead
from mtl_jax.records import locks
from mtl_jax.resources import plans
from mtl_jax.run import linear_cell
from mtl_jax.run.checkpoints import Checkpoints
from mtl_jax.run.loop import Training
from mtl_jax.run.progress import Live


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
  ahead = Ahead([cell for cell, _ in left])
  live = Live(steps, quiet=not hosts.is_process_0())
  with live, signals.postponed() as own_stop_asked:

    def stop_asked():
      return hosts.largest(own_stop_asked())

    def trained(cell, folder):
      other = train_cell(cell, folder, live, stop_asked, ahead)
      if signum := stop_asked():
        raise signals.Stopped(signum)
      if other and (cell.name, other) not in told:
        live.say(f'{cell.name}: {other} trains it')
        told.add((cell.name, other))
      return not other

    while left := [pair for pair in left if not trained(*pair)]:
      time.sleep(1)


def _finished(folder: pathlib.Path) -> bool:
  return bool(hosts.from_process_0(records.finished(folder)))


def reference(cell: Cell, workdir: pathlib.Path) -> list[pathlib.Path]:
  """Linear models on a cell's data, as one more cell; returns its folder.

  Where they cannot be fitted, one line says so and there is none.
  """
  return linear_cell.begin(cell, workdir)()


def train_cell(
  cell: Cell,
  folder: pathlib.Path,
  live: Live,
  stop_asked: Callable[[], int],
  ahead: Ahead | None = None,
) -> str:
  """Trains all runs of a cell, or goes on where it stopped.

  `ahead` may have compiled it already.
  Returns '', or which other process trains it now.
  """
  with locks.held(folder) as other:
    if _finished(folder):  # Another process was here before.
      live.skip(cell.steps)
      return ''
    if hosts.from_process_0(bool(other)):
      return other or 'another process'
    ahead = ahead or Ahead([cell])
    _train_claimed(cell, folder, ahead, live, stop_asked)
    return ''


def _train_claimed(cell, folder, ahead, live, stop_asked) -> None:
  live.begin(cell.name)
  fits.check(cell)
  ready = ahead.take(cell)
  live.once(plans.describe(cell.plan, len(cell.runs), cell.place))
  if not (folder / 'config.json').exists():
    records.append(folder, header(cell))
    records.write_config(folder, cell.identity)
  # A state fits programs of as many runs: `parallel` may have changed since,
  # and then the cell starts again.
  width = len(cell.chunks()[0].runs)
  saved = folder / 'checkpoints' / f'matrix_of_{width}_runs'
  checkpoints = Checkpoints(saved)
  with contextlib.closing(checkpoints):
    Training(cell, ready, folder, checkpoints, live, stop_asked).run()
  shutil.rmtree(folder / 'checkpoints', ignore_errors=True)
