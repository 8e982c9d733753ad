"""The flags of a job of several processes; does not import JAX."""

from typing import NamedTuple

from mtl_jax.errors import InputError


class Job(NamedTuple):
  """One process of a job.

  Attributes:
    coordinator: host:port of process 0, or 'auto' to read all three from the
      scheduler.
    processes: number of processes.
    process: number of this process, from 0.
  """

  coordinator: str
  processes: int | None = None
  process: int | None = None


def check(job: Job) -> None:
  """Raises `InputError` if the flags of a job are missing or out of range."""
  if job.coordinator == 'auto':
    return
  host, _, port = job.coordinator.rpartition(':')
  if not host or not port.isdecimal():
    raise InputError(
      f'--coordinator={job.coordinator}: write HOST:PORT of process 0, or auto '
      'if a scheduler such as Slurm started the processes'
    )
  if job.processes is None or job.process is None or job.processes < 1:
    raise InputError(
      '--coordinator needs --processes=N, and --process from 0 to N-1, a '
      'different one for each process'
    )
  if not 0 <= job.process < job.processes:
    raise InputError(
      f'--process={job.process}: with --processes={job.processes} it must be '
      f'from 0 to {job.processes - 1}'
    )
