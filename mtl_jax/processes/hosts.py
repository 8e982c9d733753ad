"""One program in several processes, on one host or many.

All processes run the same program and must take the same decisions. Process 0
alone reads and writes the workdir and prints.
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
  """Connects to the other processes of a job; waits until all have started.

  Call it before any use of JAX. Later, if another process dies or hangs, JAX
  aborts this one within seconds.

  Args:
    job: address of process 0 and number of this process.

  Raises:
    InputError: if the processes cannot connect.
  """
  # Otherwise JAX handles SIGTERM, and `signals` never sees it.
  with contextlib.suppress(AttributeError):
    jax.config.update('jax_enable_preemption_service', False)
  limits = {
    'initialization_timeout': supervisor.JOIN_SECONDS,
    'heartbeat_timeout_seconds': 8,
    'shutdown_timeout_seconds': _DAY,  # Process 0 may still write its report.
  }
  # Older versions of JAX lack some of these arguments.
  known = inspect.signature(jax.distributed.initialize).parameters
  limits = {k: v for k, v in limits.items() if k in known}
  address = {
    'coordinator_address': job.coordinator,
    'num_processes': job.processes,
    'process_id': job.process,
  }
  auto = job.coordinator == 'auto'
  try:
    jax.distributed.initialize(**({} if auto else address), **limits)
  except (RuntimeError, ValueError) as error:
    text = ' '.join(str(error).split())[:200]
    raise InputError(f'--coordinator={job.coordinator}: {text}') from error
  supervisor.joined()


def run(job: Job, main: Callable[[], None]) -> None:
  """Runs `main` as one process of a job; returns when all have finished it.

  Args:
    job: address of process 0 and number of this process.
    main: function that every process of the job calls.

  Raises:
    InputError: if the processes cannot connect.
    signals.Stopped: if `main` raises it.
  """
  supervisor.watch()
  join(job)
  try:
    main()
  except signals.Stopped:  # All have stopped; process 0 may still be saving.
    jax.distributed.shutdown()
    raise
  jax.distributed.shutdown()


def is_process_0() -> bool:
  """Whether this process writes files and prints; true for a single process."""
  return jax.process_index() == 0


def largest(number: int) -> int:
  """Returns the maximum of `number` over processes; all must call it.

  Numbers are exchanged as 32-bit integers.
  """
  if jax.process_count() == 1:
    return int(number)
  return int(multihost_utils.process_allgather(np.int32(number)).max())


def from_process_0(number: int) -> int:
  """Returns the number of process 0, at least 0; all must call it."""
  return largest(number if is_process_0() else 0)


def arrays_from_process_0(tree: Any) -> Any:
  """Returns the arrays of process 0; all processes must call it.

  Args:
    tree: arrays; those of the other processes only give shapes and dtypes.

  Returns:
    A tree of numpy arrays.
  """
  if jax.process_count() == 1:
    return tree
  arrays = multihost_utils.broadcast_one_to_all(tree, is_source=is_process_0())
  return jax.tree.map(np.asarray, arrays)


@contextlib.contextmanager
def workdir(folder: pathlib.Path) -> Iterator[pathlib.Path]:
  """Yields `folder` in process 0, a temporary folder in all others."""
  if is_process_0():
    yield folder
    return
  with tempfile.TemporaryDirectory() as temporary:
    yield pathlib.Path(temporary)
