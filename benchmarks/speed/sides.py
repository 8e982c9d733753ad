"""The sides of a comparison: processes that train on request."""

import contextlib
import json
import os
import pathlib
import subprocess
import time
from collections.abc import Iterator, Sequence

from mtl_jax.errors import InputError

ROOT = pathlib.Path(__file__).parents[2]
PEERS = ROOT / '.venv-bench' / 'bin' / 'python'


class Worker:
  """A process that runs `worker.serve`.

  Args:
    python: the interpreter.
    module: of benchmarks/speed, such as 'ours' or 'peers.libmtl'.
    *arguments: of its command line.
  """

  def __init__(self, python: str, module: str, *arguments: str):
    self.name = module
    self.process = subprocess.Popen(
      [python, '-m', f'benchmarks.speed.{module}', *arguments],
      cwd=ROOT,
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      text=True,
    )

  def ask(self, steps: int) -> None:
    """Sends a request, which the worker begins to serve at once."""
    print(steps, file=self.process.stdin, flush=True)

  def answer(self) -> dict:
    """Waits for the next answer.

    Raises:
      InputError: the process has ended instead.
    """
    line = self.process.stdout.readline()
    if not line:
      raise InputError(f'{self.name} ended early; its own message is above')
    return json.loads(line)

  def end(self) -> None:
    """Ends the process and waits for it."""
    # A worker that has failed has closed its end already.
    with contextlib.suppress(BrokenPipeError):
      self.process.stdin.close()
    self.process.stdout.close()
    self.process.wait()


class Side:
  """Workers that train at the same time: one, or one on each core.

  Attributes:
    about: facts that the first worker reported.
    copies: models that are trained at the same time.
    steps: how many a round trains; see `calibrate`.
  """

  def __init__(self, workers: Sequence[Worker]):
    self.workers = workers
    self.about = [worker.answer() for worker in workers][0]
    self.copies = self.about['copies'] * len(workers)
    self.steps = 1

  def calibrate(self, seconds: float) -> None:
    """Sets `steps` to the number that takes about so many seconds."""
    took, done = 0.0, 0
    steps = 1
    # Doubles the steps until a measurement is long enough to extrapolate.
    while took < seconds / 8:
      done, took = self._train(steps)
      steps = done * 2
    self.steps = max(1, round(done * seconds / took))

  def train(self) -> float:
    """Trains one round and returns milliseconds per step and copy."""
    done, seconds = self._train(self.steps)
    return 1000 * seconds / (done * self.copies)

  def _train(self, steps: int) -> tuple[int, float]:
    """Returns the steps of each worker, and seconds until the last ended."""
    began = time.perf_counter()
    # All requests before the first answer, so that the workers run together.
    for worker in self.workers:
      worker.ask(steps)
    done = [worker.answer()['steps'] for worker in self.workers]
    return min(done), time.perf_counter() - began


def cores() -> list[int]:
  """Returns the cores that this process may use."""
  return sorted(os.sched_getaffinity(0))


@contextlib.contextmanager
def opened(groups: dict[str, list[tuple[str, ...]]]) -> Iterator[dict]:
  """Starts the workers of all groups, and ends them on exit.

  Args:
    groups: by name, the arguments of `Worker` for each worker of the group.

  Yields:
    The `Side` of each group by its name, warmed up.
  """
  started: list[Worker] = []
  sides = {}
  try:
    for name, commands in groups.items():
      # One group after the other: while a peer warms up, it times variants of
      # its loop to choose the fastest.
      workers = [Worker(*command) for command in commands]
      started += workers
      sides[name] = Side(workers)
    yield sides
  finally:
    for worker in started:
      worker.end()


def need_peers() -> str:
  """Returns the interpreter that has the peers.

  Raises:
    InputError: it is not installed.
  """
  if not PEERS.exists():
    raise InputError('the peers are not installed; run: make bench')
  return str(PEERS)
