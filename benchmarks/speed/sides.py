"""The sides of a comparison: processes that wait until they are asked."""

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
  """One process of `benchmarks/speed/worker.py`."""

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
    print(steps, file=self.process.stdin, flush=True)

  def answer(self) -> dict:
    line = self.process.stdout.readline()
    if not line:
      raise InputError(f'{self.name} ended early; what it said is above')
    return json.loads(line)

  def end(self) -> None:
    with contextlib.suppress(BrokenPipeError):
      self.process.stdin.close()
    self.process.stdout.close()
    self.process.wait()


class Side:
  """Workers that train at the same time: one, or one on each core."""

  def __init__(self, workers: Sequence[Worker]):
    self.workers = workers
    self.about = [worker.answer() for worker in workers][0]
    self.copies = self.about['copies'] * len(workers)
    self.steps = 1

  def calibrate(self, seconds: float) -> None:
    """Chooses how many steps take about so long."""
    took, done = 0.0, 0
    steps = 1
    while took < seconds / 8:
      done, took = self._train(steps)
      steps = done * 2
    self.steps = max(1, round(done * seconds / took))

  def train(self) -> float:
    """Milliseconds for a step of one copy."""
    done, seconds = self._train(self.steps)
    return 1000 * seconds / (done * self.copies)

  def _train(self, steps: int) -> tuple[int, float]:
    """Steps that each worker did, and seconds until the last one ended."""
    began = time.perf_counter()
    for worker in self.workers:
      worker.ask(steps)
    done = [worker.answer()['steps'] for worker in self.workers]
    return min(done), time.perf_counter() - began


def cores() -> list[int]:
  """The cores that this process may use."""
  return sorted(os.sched_getaffinity(0))


@contextlib.contextmanager
def opened(groups: dict[str, list[tuple[str, ...]]]) -> Iterator[dict]:
  """Starts every group's workers, waits until they are warm, ends them."""
  started: list[Worker] = []
  found = {}
  try:
    for name, commands in groups.items():
      # One group after the other: peers choose among ways by trying them.
      workers = [Worker(*command) for command in commands]
      started += workers
      found[name] = Side(workers)
    yield found
  finally:
    for worker in started:
      worker.end()


def need_peers() -> str:
  """The peers' own Python; raises `InputError` where it is not installed."""
  if not PEERS.exists():
    raise InputError('the peers are not installed; run: make bench')
  return str(PEERS)
