"""Trains cells on a Ray cluster, each in a worker process with its own devices.

A worker that is killed is restarted, perhaps on another machine, and continues
from the last checkpoint of its cell.
"""

import contextlib
import functools
import logging
import os
import pathlib
import time
import uuid
from collections.abc import Iterator
from typing import Any

import jax

from mtl_jax import run
from mtl_jax.cells import Cell
from mtl_jax.errors import InputError
from mtl_jax.launchers import base
from mtl_jax.launchers.ray import address, worker
from mtl_jax.launchers.ray import share as ray_share
from mtl_jax.processes import containers, signals
from mtl_jax.records import locks
from mtl_jax.run import made_by, table
from mtl_jax.run.progress import Live
from mtl_jax.run.resuming import repairs

RETRIES = 3  # restarts of a worker that was killed


def make(resources: base.Resources) -> base.Launcher:
  """Starts Ray on this machine, or connects to the cluster at an address.

  Args:
    resources: address of the cluster, cores and GPUs of each cell.

  Returns:
    The launcher.

  Raises:
    InputError: if Ray is not installed, no cluster answers, or no node has the
      resources.
  """
  # Ray reports usage to its developers unless this is 0; the user may set 1.
  os.environ.setdefault('RAY_USAGE_STATS_ENABLED', '0')
  if resources.cpus < 0 or resources.gpus < -1:
    raise InputError('--ray_cpus and --ray_gpus must not be negative')
  try:
    import ray
  except ModuleNotFoundError as error:
    raise InputError(
      "--launcher=ray needs Ray: pip install 'mtl_jax[ray]'"
    ) from error
  # Ray forks, which is not safe once JAX has started its threads.
  with signals.unchanged():  # Ray's handler exits without a word.
    _connect(ray, resources)
  share = ray_share.of_cluster(ray, resources)
  # This process trains nothing and leaves accelerators to the workers. It has
  # as many devices as a worker, so that `config.mesh` can be checked here.
  jax.config.update('jax_platforms', 'cpu')
  jax.config.update('jax_num_cpu_devices', share.gpus or share.cpus)
  return base.Launcher(functools.partial(train, ray, resources, share))


def train(
  ray: Any,
  resources: base.Resources,
  share: ray_share.Share,
  cells: list[Cell],
  workdir: pathlib.Path,
) -> list[pathlib.Path]:
  """Trains all cells that are not finished.

  Args:
    ray: the module, connected to a cluster.
    resources: cores and GPUs that the user asked for.
    share: cores and GPUs of each cell.
    cells: cells of the table.
    workdir: folder on a file system that all machines share.

  Returns:
    The folders of all cells, in order.

  Raises:
    InputError: if a worker cannot train its cell.
    signals.Stopped: after Ctrl-C or SIGTERM; the states are saved.
  """
  folders = [workdir / 'cells' / cell.hash for cell in cells]
  pairs = list(zip(cells, folders, strict=True))
  for cell, folder in pairs:
    repairs.before(folder, cell.identity)
  left = [pair for pair in pairs if not run.finished(*pair)]
  if left:
    steps = sum(cell.steps for cell, _ in left)
    if not (resources.cpus or share.gpus):
      share = ray_share.one_core_per_run(share, [cell for cell, _ in left])
    with (
      _token(workdir) as token,
      Live(steps, quiet=table.is_quiet(cells)) as live,
      signals.postponed() as stop_asked,
    ):
      Sweep(ray, share, left, token, live, stop_asked).run()
  signals.kept_during(ray.shutdown)
  return folders


class Sweep:
  """Submits cells to workers and collects the outcomes.

  Args:
    ray: the module, connected to a cluster.
    share: cores and GPUs of each cell.
    left: pairs of a cell and its folder that are not finished.
    token: file that exists as long as workers should train.
    live: progress display.
    stop_asked: function that returns the number of a signal received, or 0.
  """

  def __init__(self, ray, share, left, token, live, stop_asked):
    self.ray, self.share, self.token = ray, share, token
    self.live, self.stop_asked = live, stop_asked
    self.left, self.total = left, len(left)
    self.running = {}  # Ray's reference to the task: cell and folder
    self.others = {}  # folder: description of another process that trains it

  def run(self) -> None:
    """Trains until all cells are finished.

    Raises:
      InputError: if a worker cannot train its cell.
      signals.Stopped: if a signal was received.
    """
    self.live.say(
      f'{self.total} cells on Ray, {self.share.cpus} cores and '
      f'{self.share.gpus} GPUs each'
    )
    try:
      while self.left or self.running:
        self.submit()
        self.wait()
        if self.stop_asked():
          raise signals.Stopped(self.stop_asked())
    finally:
      self.stop()

  def submit(self) -> None:
    """Submits the cells that no other process trains."""
    free = [p for p in self.left if not (p[1] in self.others and _taken(p[1]))]
    work = self.ray.remote(max_calls=1)(worker.work).options(
      num_cpus=self.share.cpus,
      num_gpus=self.share.gpus,
      max_retries=RETRIES,
      runtime_env={'env_vars': ray_share.variables(self.share)},
    )
    for cell, folder in free:
      self.left.remove((cell, folder))
      self.running[work.remote(self.order(cell, folder))] = cell, folder
    self.live.title(f'{len(self.running)} cells with Ray')

  def order(self, cell: Cell, folder: pathlib.Path) -> worker.Order:
    """Returns what a worker needs to rebuild a cell.

    Args:
      cell: cell to train.
      folder: folder of the cell.
    """
    config = cell.config.to_dict()
    if config['init_from']:
      # A worker may run in another folder.
      config['init_from'] = str(pathlib.Path(config['init_from']).absolute())
    return worker.Order(
      config,
      cell.identity,
      str(folder.parents[1].absolute()),
      str(self.token.absolute()),
      0 if self.share.gpus else self.share.cpus,
      cell.groups,
      made_by.COMMAND[0],
    )

  def wait(self) -> None:
    """Waits until a worker ends, at most a second, and handles its outcome."""
    if not self.running:
      time.sleep(1)
      return
    ready, _ = self.ray.wait(list(self.running), timeout=1)
    for reference in ready:
      cell, folder = self.running.pop(reference)
      self.end(cell, folder, self.outcome(reference, cell))

  def outcome(self, reference: Any, cell: Cell) -> worker.Outcome:
    """Returns the outcome of a worker that has ended.

    Args:
      reference: Ray's reference to the task.
      cell: cell of the worker, for messages.

    Raises:
      InputError: if the worker was killed too often; any exception that it
        raised is raised here, too.
    """
    try:
      return self.ray.get(reference)
    except self.ray.exceptions.RayTaskError as error:
      raise error.cause from None
    except self.ray.exceptions.RayError as error:
      raise InputError(
        f'{cell.name}: its worker was killed {RETRIES + 1} times '
        f'({type(error).__name__}); if memory is short, give each cell more '
        'of a node with --ray_cpus, or train fewer runs at a time with '
        '--config.parallel'
      ) from error

  def end(self, cell, folder, outcome) -> None:
    """Counts a finished cell, or puts one that is not finished back.

    Args:
      cell: cell of a worker that has ended.
      folder: folder of the cell.
      outcome: outcome of the worker.
    """
    for line in outcome.lines:
      self.live.say(line)
    if outcome.other or outcome.stopped:
      if outcome.other and self.others.get(folder) != outcome.other:
        self.live.say(f'{cell.name}: {outcome.other} trains it')
      self.others[folder] = outcome.other
      self.left.append((cell, folder))
      return
    self.live.skip(cell.steps)
    done = self.total - len(self.left) - len(self.running)
    self.live.say(
      f'{done} of {self.total} cells: {cell.name}, {outcome.seconds:.0f} s on '
      f'{outcome.host}'
    )

  def stop(self) -> None:
    """Makes all workers save and stop, and waits for them."""
    self.token.unlink(missing_ok=True)
    while any(_taken(folder) for _, folder in self.running.values()):
      time.sleep(0.2)


def _taken(folder: pathlib.Path) -> bool:
  with locks.held(folder) as other:
    return bool(other)


def _connect(ray: Any, resources: base.Resources) -> None:
  quiet = {'logging_level': logging.ERROR, 'log_to_driver': False}
  if resources.address:
    address.check(resources.address)
    ray.init(resources.address, **quiet)
  else:
    # Workers exchange no objects; by default Ray would reserve a third of the
    # memory for them.
    own = {'num_cpus': containers.cores(), 'object_store_memory': 100 * 2**20}
    ray.init('local', include_dashboard=False, **own, **quiet)


@contextlib.contextmanager
def _token(workdir: pathlib.Path) -> Iterator[pathlib.Path]:
  """Creates a file in the workdir; workers stop when it is gone."""
  token = workdir / f'.ray-{uuid.uuid4().hex[:12]}'
  token.touch()
  try:
    yield token
  finally:
    token.unlink(missing_ok=True)
