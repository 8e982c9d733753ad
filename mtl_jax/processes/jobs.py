"""A job of several processes, as it is asked for; JAX is not needed yet."""

from typing import NamedTuple

from mtl_jax.errors import InputError


class Job(NamedTuple):
  """Who meets where; `coordinator` is host:port of process 0, or auto."""

  coordinator: str
  processes: int | None = None
  process: int | None = None


def check(job: Job) -> None:
  """Raises `InputError` for a job that no processes can form."""
  if job.coordinator == 'auto':
    return
  host, _, port = job.coordinator.rpartition(':')
  if not host or not port.isdecimal():
    raise InputError(
      f'--coordinator={job.coordinator}: write HOST:PORT of process 0, or auto '
      'where a scheduler such as Slurm started this'
    )
  if job.processes is None or job.process is None or job.processes < 1:
    raise InputError(
      '--coordinator needs --processes=N, and --process=0 to N-1, another in '
      'each process'
    )
  if not 0 <= job.process < job.processes:
    raise InputError(
      f'--process={job.process}: with --processes={job.processes} it goes from '
      f'0 to {job.processes - 1}'
    )
