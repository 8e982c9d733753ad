"""Kills of one of several processes: a Ray worker, one of two hosts."""

import contextlib
import importlib.util
import pathlib
import random
import signal
import socket
import subprocess
import time
from collections.abc import Sequence

from tests.faults import progress, subject
from tests.faults.kills.bench import GOES_ON, Whole, total
from tests.faults.kills.forked import signal_later
from tests.faults.outcome import Outcome

LIMIT = 600  # seconds that a command may take


class Job:
  """One command in several processes, one of which is signalled.

  Args:
    folder: for everything; removed by who made it.
    home: as in `subject.environment`.
    signum: the signal.
  """

  words = ''
  extra: dict = {}

  def __init__(self, folder: pathlib.Path, home: pathlib.Path, signum: int):
    self._folder, self._home, self._signum = folder, home, signum
    self._seconds = 0.0  # from when a process can be signalled to the end

  def why_not(self) -> str:
    """Why it cannot be tried here, or ''."""
    return ''

  def tried(self, fault: str, trials: int, rng: random.Random) -> Outcome:
    """Tries it so many times; `fault` in words."""
    if why := self.why_not():
      return Outcome('kills', fault, 0, note=why)
    self._folder.mkdir()
    whole = self._whole()
    harms, missed = [], 0
    for number in progress.trials(trials, fault):
      work = self._folder / str(number)
      hit, ended = self._signalled(work, rng)
      again = self.ended(self.start(work))
      harm = whole.harm(work)
      harm = harm._replace(
        lost=harm.lost or any(code for code, _ in again),
        silent=hit and self.impolite(ended),
      )
      missed += not hit
      harms.append(harm)
      if any(harm):
        print(f'  {fault}, trial {number}: {harm}; {ended} then {again}')
    return total(fault, harms, f'{missed} ended before' if missed else '')

  def _whole(self) -> Whole:
    self.ended(self.start(self._folder / 'first'))  # prepares, compiles
    work = self._folder / 'whole'
    processes = self.start(work)
    self.target(processes, work, random.Random(0))
    began = time.monotonic()
    ended = self.ended(processes)
    if any(code for code, _ in ended):
      raise RuntimeError(f'the subject fails without a fault: {ended}')
    self._seconds = time.monotonic() - began
    return Whole.of(work)

  def _signalled(
    self, work: pathlib.Path, rng: random.Random
  ) -> tuple[bool, list[tuple[int, str]]]:
    processes = self.start(work)
    pid = self.target(processes, work, rng)
    after = rng.uniform(0, self._seconds)
    hit = bool(pid) and signal_later(pid, after, self._signum)
    return hit, self.ended(processes)

  def start(self, work: pathlib.Path) -> list[subprocess.Popen]:
    """Starts the command; returns its processes."""
    return [self.popen(subject.command(work, **self.extra))]

  def target(
    self,
    processes: Sequence[subprocess.Popen],
    work: pathlib.Path,
    rng: random.Random,
  ) -> int:
    """Waits until there is a process to signal; its id, 0 if none is left."""
    raise NotImplementedError

  def impolite(self, ended: Sequence[tuple[int, str]]) -> bool:
    """Whether a process ended with another code than it should, or no word."""
    raise NotImplementedError

  def popen(self, command: list[str], **variables: str) -> subprocess.Popen:
    """Starts a process of the command."""
    return subprocess.Popen(
      command,
      cwd=subject.ROOT,
      env=subject.environment(self._home, **variables),
      stdout=subprocess.DEVNULL,
      stderr=subprocess.PIPE,
      text=True,
    )

  def ended(
    self, processes: Sequence[subprocess.Popen]
  ) -> list[tuple[int, str]]:
    """Waits; the exit code of each process, and the end of its errors."""
    said = [process.communicate(timeout=LIMIT)[1] for process in processes]
    codes = [process.returncode for process in processes]
    return [(c, text[-600:]) for c, text in zip(codes, said, strict=True)]


class Worker(Job):
  """Signals a Ray worker; Ray starts another, and the command goes on."""

  words = 'a Ray worker'
  extra = {'launcher': 'ray'}

  def why_not(self) -> str:
    """Without Ray."""
    found = importlib.util.find_spec('ray')
    return '' if found else 'Ray is not installed here'

  def target(self, processes, work, rng) -> int:
    """The process that trains a cell, of the first or of the second."""
    number = rng.randrange(2)
    while processes[0].poll() is None:
      trained = [self._holder(lock) for lock in work.glob('cells/*/lock')]
      found = [pid for pid in trained if pid]
      if len(trained) > number and found:
        return found[-1]
      time.sleep(0.02)
    return 0

  def _holder(self, lock: pathlib.Path) -> int:
    """The Ray worker that has a lock; 0 for another process, or none."""
    with contextlib.suppress(OSError, ValueError, IndexError):
      pid = int(lock.read_text('utf-8').split()[1])
      title = pathlib.Path(f'/proc/{pid}/cmdline').read_bytes()
      return pid if title.startswith(b'ray::') else 0
    return 0

  def impolite(self, ended) -> bool:
    """The command itself was not signalled: it trains to the end."""
    return any(code for code, _ in ended)


class Command(Worker):
  """Signals the command that has started Ray; SIGKILL leaves workers to Ray."""

  words = 'a command with Ray'

  def target(self, processes, work, rng) -> int:
    """The command, as soon as a worker trains."""
    return processes[0].pid if super().target(processes, work, rng) else 0

  def impolite(self, ended) -> bool:
    """As a command without Ray."""
    code, errors = ended[0]
    if self._signum == signal.SIGKILL or code == 0:
      return False
    return code != 128 + self._signum or GOES_ON not in errors


class Host(Job):
  """Signals one of two hosts; all end, and one command goes on."""

  words = 'one of two hosts'
  extra = {'config.mesh': (1, 2)}

  def start(self, work: pathlib.Path) -> list[subprocess.Popen]:
    """Starts both; only the first writes into the workdir."""
    with socket.socket() as free:
      free.bind(('127.0.0.1', 0))
      port = free.getsockname()[1]
    more = {'coordinator': f'127.0.0.1:{port}', 'processes': 2}
    return [
      self.popen(
        subject.command(work, **self.extra, **more, process=number),
        JAX_NUM_CPU_DEVICES='1',
        PYTHONPATH=str(subject.ROOT),
      )
      for number in (0, 1)
    ]

  def target(self, processes, work, rng) -> int:
    """Either, as soon as a cell is begun."""
    while processes[0].poll() is None:
      if any(work.glob('cells/*/config.json')):
        return rng.choice(processes).pid
      time.sleep(0.02)
    return 0

  def impolite(self, ended) -> bool:
    """Both say how to go on, but for one that is killed."""
    killed = -signal.SIGKILL
    return any(
      code not in (0, killed) and GOES_ON not in errors
      for code, errors in ended
    )


ALL = Worker, Command, Host
