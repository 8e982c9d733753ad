"""A Ray worker: rebuilds one cell and trains it."""

import pathlib
import signal
import socket
import time
from typing import Any, NamedTuple

import jax
from ml_collections import ConfigDict

from mtl_jax import cells, records, run
from mtl_jax.cells import build
from mtl_jax.devices import compilation_cache
from mtl_jax.errors import InputError
from mtl_jax.processes import signals
from mtl_jax.run import made_by, progress


class Order(NamedTuple):
  """A cell, in a form that can be sent to another machine.

  Attributes:
    config: config as a dict, with the cell's scheme and balancer.
    identity: identity of the cell, from which its folder is named.
    workdir: folder on a file system that all machines share.
    token: file in `workdir`; workers save and stop when it is removed.
    cpus: cores of the worker if it has no accelerator, else 0.
    groups: task groups of the cell, as indices of tasks.
    command: the command line that asked for it.
  """

  config: dict[str, Any]
  identity: dict[str, Any]
  workdir: str
  token: str
  cpus: int
  groups: tuple[tuple[int, ...], ...] = ()
  command: str = ''


class Outcome(NamedTuple):
  """How a worker ended.

  Attributes:
    host: name of its machine.
    seconds: wall time.
    other: description of another process that trains the cell, or ''.
    stopped: whether it was stopped before the cell was finished.
    lines: messages for the user.
  """

  host: str
  seconds: float
  other: str
  stopped: bool
  lines: list[str]


def work(order: Order) -> Outcome:
  """Trains a cell in this process.

  Raises:
    InputError: if the workdir is not on this machine, or data or code differ.
  """
  began, host = time.monotonic(), socket.gethostname()
  token, live, other = (
    pathlib.Path(order.token),
    progress.RecordedProgress(),
    '',
  )
  made_by.COMMAND[0] = order.command
  if order.cpus:
    jax.config.update('jax_num_cpu_devices', order.cpus)
  compilation_cache.keep_programs(live.say)
  try:
    cell = _cell(order, host)
    folder = pathlib.Path(order.workdir) / 'cells' / cell.hash

    def stop_asked():
      return 0 if token.exists() else signal.SIGTERM

    other = run.train_cell(cell, folder, live, stop_asked)
  except signals.Stopped:
    return Outcome(host, time.monotonic() - began, '', True, live.lines)
  except InputError as error:
    raise InputError(f'on {host}: {error}') from None
  return Outcome(host, time.monotonic() - began, other, False, live.lines)


def _cell(order: Order, host: str) -> cells.Cell:
  if not pathlib.Path(order.workdir, 'config.json').exists():
    raise InputError(
      f'--workdir {order.workdir} does not exist; name a folder on a file '
      'system that all machines share'
    )
  if not pathlib.Path(order.token).exists():
    raise signals.Stopped(signal.SIGTERM)
  config = ConfigDict(order.config)
  build.check(config)
  cell = cells.make(config, build.data(config), order.groups)
  here, there = (records.flat(i) for i in (cell.identity, order.identity))
  for key in sorted(here.keys() | there.keys()):
    if here.get(key) != there.get(key):
      raise InputError(
        f'{key} is {here.get(key)} here and {there.get(key)} where the '
        'command was started; all machines need the same code and the same '
        'config.data_dir'
      )
  return cell
