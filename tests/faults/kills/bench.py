"""Trials of the subject: a fault, the same command again, a comparison."""

import functools
import pathlib
import random
import shutil
import signal
from typing import NamedTuple

from tests.faults import subject
from tests.faults.kills import aims
from tests.faults.kills.forked import Ended, Server
from tests.faults.outcome import Outcome

GOES_ON = 'run the same command'  # what a command that is stopped says
DROPPED = 4  # compiled programs that a trial compiles again


class Harm(NamedTuple):
  """What a trial has done, as the fields of `Outcome`."""

  lost: bool = False
  doubled: bool = False
  unequal: bool = False
  silent: bool = False


class Whole(NamedTuple):
  """An uninterrupted run: its records and its table."""

  lines: dict[subject.Key, int]
  table: bytes

  @classmethod
  def of(cls, workdir: pathlib.Path) -> 'Whole':
    """Reads a workdir."""
    return cls(subject.lines(workdir), subject.table(workdir))

  def harm(self, workdir: pathlib.Path) -> Harm:
    """Compares a workdir in which the same command has run to its end."""
    lines, table = Whole.of(workdir)
    lost = any(lines[key] < count for key, count in self.lines.items())
    doubled = any(count > self.lines[key] for key, count in lines.items())
    return Harm(lost, doubled, table != self.table)


class Bench:
  """A server, caches that are warm, and an uninterrupted run.

  Args:
    folder: for all of it.
    server: starts commands; its home is `folder/home`.
  """

  def __init__(self, folder: pathlib.Path, server: Server):
    self._folder, self._server = folder, server
    self._home, self.work = folder / 'home', folder / 'trial'
    self.flags = subject.flags(self.work)
    first = server.run(self.flags)  # prepares, compiles
    if first.code:
      raise RuntimeError(f'the subject fails without a fault: {first.errors}')
    self.whole = Whole.of(self.work)

  @functools.cached_property
  def seconds(self) -> float:
    """How long an uninterrupted run takes, now that caches are warm."""
    self.clear()
    return self._server.run(self.flags).seconds

  def clear(self) -> None:
    """Removes what the last trial left."""
    shutil.rmtree(self.work, ignore_errors=True)
    shutil.rmtree(self._folder / 'own', ignore_errors=True)

  def variables(self, target: str, rng: random.Random) -> dict[str, str]:
    """Gives a trial what it needs so that there is a target to write.

    Returns:
      Variables of its environment: a folder for data of its own, or a copy of
      the cache without some programs.
    """
    own = self._folder / 'own'
    if target == 'data are prepared':
      return {'TFDS_DATA_DIR': str(own)}
    if target == 'a program is kept':
      shutil.copytree(self._home / 'cache', own)
      kept = sorted(own.rglob('*-cache'))
      for path in [*rng.sample(kept, DROPPED), *own.rglob('*-traced')]:
        path.unlink()
      return {'MTL_JAX_CACHE': str(own)}
    return {}

  def measure(self, target: str) -> list[list]:
    """Measures calls of a target: operations, opened files, seconds."""
    self.clear()
    log = self._folder / 'calls'
    log.unlink(missing_ok=True)
    variables = self.variables(target, random.Random(0))
    aim = aims.Aim(target, 'measure', log=str(log))
    self._server.run(self.flags, aim, **variables)
    return aims.read(log)

  def trial(
    self,
    signum: int,
    variables: dict[str, str],
    aim: aims.Aim | None = None,
    after: float = 0.0,
  ) -> tuple[bool, Harm, str]:
    """Tries a fault once, and runs the same command again.

    Args:
      signum: the signal of the fault.
      variables: of the environment of both.
      aim: at which moment the command signals itself; None for
      after: so many seconds after its start.

    Returns:
      Whether the signal came before the end, the harm, and what happened.
    """
    later = None if aim else (after, signum)
    ended = self._server.run(self.flags, aim, later, **variables)
    again = self._server.run(self.flags, **variables)
    harm = self.whole.harm(self.work)
    harm = harm._replace(
      lost=harm.lost or again.code != 0, silent=impolite(ended, signum)
    )
    said = f'codes {ended.code}, {again.code}; {ended.errors[-300:]!r}'
    if again.code:
      said += f' then {again.errors[-600:]!r}'
    return ended.code != 0, harm, said


def impolite(ended: Ended, signum: int) -> bool:
  """Whether a signal that can be handled had another code, or no message."""
  if signum == signal.SIGKILL or ended.code == 0:
    return False
  return ended.code != 128 + signum or GOES_ON not in ended.errors


def total(fault: str, harms: list[Harm], note: str = '') -> Outcome:
  """The outcome of the trials of a kill."""
  sums = [sum(values) for values in zip(*harms, strict=True)] or [0] * 4
  return Outcome('kills', fault, len(harms), *sums, note)
