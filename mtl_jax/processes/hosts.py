"""One program on several processes, on one host or many.

Every process computes the same and agrees on what it decides. The first alone
reads and writes the workdir and talks to the user: it leads.
"""

import contextlib
import inspect
import pathlib
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils

from mtl_jax.errors import InputError
from mtl_jax.processes import signals, supervisor
from mtl_jax.processes.jobs import Job

_DAY = 86_400


def join(job: Job) -> None:
  """Waits for the other processes; before JAX has started.

  A peer that is dead or hangs ends this process within seconds.
  """
  # Else JAX keeps SIGTERM to itself.
  with contextlib.suppress(AttributeError):
    jax.config.update('jax_enable_preemption_service', False)
  limits = {
    'initialization_timeout': supervisor.JOIN_SECONDS,
    'heartbeat_timeout_seconds': 8,
    'shutdown_timeout_seconds': _DAY,  # the first may still write its report
  }
  known = inspect.signature(jax.distributed.initialize).parameters
  limits = {k: v for k, v in limits.items() if k in known}
  who = {
    'coordinator_address': job.coordinator,
    'num_processes': job.processes,
    'process_id': job.process,
  }
  auto = job.coordinator == 'auto'
  try:
    jax.distributed.initialize(**({} if auto else who), **limits)
  except (RuntimeError, ValueError) as error:
    text = ' '.join(str(error).split())[:200]
    raise InputError(f'--coordinator={job.coordinator}: {text}') from error
  supervisor.joined()


def run(job: Job, main: Callable[[], None]) -> None:
  """`main` as one process of a job; ends once all have come to its end."""
  supervisor.watch()
  join(job)
  try:
    main()
  except signals.Stopped:  # All have stopped; the first may still save.
    jax.distributed.shutdown()
    raise
  jax.distributed.shutdown()


def is_process_0() -> bool:
  """Whether this process writes and talks; alone, it does."""
  return jax.process_index() == 0


def largest(number: int) -> int:
  """The largest number that any process gives; all must ask."""
  if jax.process_count() == 1:
    return int(number)
  return int(multihost_utils.process_allgather(np.int32(number)).max())


def from_process_0(number: int) -> int:
  """The leader's number, 0 or more; all must ask."""
  return largest(number if is_process_0() else 0)


def arrays_from_process_0(tree: Any) -> Any:
  """The leader's arrays on every process; the others give their like."""
  if jax.process_count() == 1:
    return tree
  found = multihost_utils.broadcast_one_to_all(tree, is_source=is_process_0())
  return jax.tree.map(np.asarray, found)


@contextlib.contextmanager
def workdir(folder: pathlib.Path) -> Iterator[pathlib.Path]:
  """`folder` for the leader; for any other one that is thrown away."""
  if is_process_0():
    yield folder
    return
  with tempfile.TemporaryDirectory() as own:
    yield pathlib.Path(own)
