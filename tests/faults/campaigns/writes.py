"""Every call that changes a file fails once; disks that fill; read-only disks.

The subject is run once for each of its calls, and that call fails. It must end
with one line that names the file, the reason and the remedy, or go on where
nothing is lost; then the same command must give the same table to the byte, and
every record once.
"""

import collections
import functools
import pathlib
import shutil
from collections.abc import Iterator
from typing import NamedTuple

from tests.faults import subject
from tests.faults.outcome import Outcome
from tests.faults.writes import failing, small_disk
from tests.faults.writes.failing import BROKEN, FULL, READ_ONLY, Fault

EVERY = BROKEN  # what each call fails with once; the others are samples
FILLED = ('open', 'write', 'mkdir', 'link', 'truncate')  # not on a full disk
IN_PYTHON = 'in Python alone, for want of Linux or a C compiler'
AGAIN = '\nagain: '


class Trial(NamedTuple):
  """What a command did with a fault, and what the same one did without.

  Attributes:
    codes: exit codes of both; the second is 0 where the first was enough.
    errors: what the first wrote to stderr.
    hit: the kind and the path of the first call that failed; () if none did.
    workdir: after both.
  """

  codes: tuple[int, int]
  errors: str
  hit: tuple[str, ...]
  workdir: pathlib.Path


class Whole(NamedTuple):
  """What a run without a fault gives."""

  table: bytes
  lines: collections.Counter
  calls: list[tuple[bool, str, str]]


def run(
  trials: int, folder: pathlib.Path, done: frozenset[str] = frozenset()
) -> Iterator[Outcome]:
  """Tries all faults.

  Args:
    trials: how many calls fail in turn, of each kind and error, evenly spaced;
      0 or less is every one. With `EVERY` each call fails once in any case.
    folder: for workdirs, caches and prepared data.
    done: faults, in words, that are left out.
  """
  with failing.Runner(folder, folder / 'home') as runner:
    campaign = Campaign(runner, folder, trials)
    for words, fault, cold in faults():
      if words not in done:
        every = fault.number == EVERY and not cold
        yield campaign.outcome(words, fault, cold, every)
    if small_disk.WORDS not in done:
      yield campaign.small()


def faults() -> Iterator[tuple[str, Fault, bool]]:
  """The faults in words, and whether nothing is prepared or compiled yet."""
  names = {BROKEN: 'EIO', FULL: 'ENOSPC', READ_ONLY: 'EROFS'}
  for number in (BROKEN, FULL):
    for kind in failing.KINDS:
      words = f'{kind} fails with {names[number]}'
      yield words, Fault((kind,), number=number), False
  for number in (BROKEN, FULL):
    words = f'a call fails with {names[number]}, data and programs being made'
    yield words, Fault(number=number), True
  full = 'the disk is full from one call on'
  yield full, Fault(FILLED, number=FULL, all_later=True), False
  only = 'the disk is read-only from one call on'
  yield only, Fault(number=READ_ONLY, all_later=True), False


class Campaign:
  """Trials of the subject.

  Args:
    runner: runs it.
    folder: for workdirs, caches and prepared data.
    trials: as in `run`.
  """

  def __init__(self, runner: failing.Runner, folder: pathlib.Path, trials: int):
    self._runner, self._folder, self._trials = runner, folder, trials

  @functools.cache  # noqa: B019 - as long as the campaign.
  def whole(self, cold: bool) -> Whole:
    """Runs the subject without a fault, once caches are filled or empty."""
    if not cold:
      self.once('filling', Fault(), self.home(False))
    trial = self.once('whole', Fault(), self.home(cold))
    if trial.codes != (0, 0):
      raise RuntimeError(f'the subject itself fails: {trial.errors}')
    read = subject.table(trial.workdir), subject.lines(trial.workdir)
    return Whole(*read, self._runner.calls)

  def home(self, cold: bool) -> pathlib.Path:
    """The folder of caches and prepared data; an empty one where `cold`."""
    home = self._folder / ('cold' if cold else 'home')
    if cold:
      shutil.rmtree(home, ignore_errors=True)
    return home

  def once(self, name: str, fault: Fault, home: pathlib.Path) -> Trial:
    """Runs the subject with a fault, and again without if that is needed."""
    workdir, again = self._folder / name, 0
    shutil.rmtree(workdir, ignore_errors=True)
    code, errors = self._runner.run(workdir, fault, home)
    failed = [call[1:] for call in self._runner.calls if call[0]]
    inside = all(path.startswith(f'{workdir}/') for _, path in failed)
    if code or not inside:
      again, more = self._runner.run(workdir, None, home)
      errors += f'{AGAIN}{more}' if again else ''
    return Trial((code, again), errors, failed[0] if failed else (), workdir)

  def outcome(
    self, words: str, fault: Fault, cold: bool, every: bool
  ) -> Outcome:
    """Tries a fault at calls of its kinds."""
    whole, tried = self.whole(cold), []
    count = sum(call[1] in fault.kinds for call in whole.calls)
    for nth in chosen(count, 0 if every else self._trials):
      own = fault._replace(nth=nth)
      trial = self.once('trial', own, self.home(cold))
      tried.append((f'call {nth}', harms(trial, whole)))
    compiled = '' if failing.library() else IN_PYTHON
    return summed(words, tried, [f'of {count} calls', compiled])

  def small(self) -> Outcome:
    """Fills a real file system of several sizes, then makes it larger."""
    if not small_disk.permitted():
      return Outcome('writes', small_disk.WORDS, 0, note=small_disk.REFUSED)
    whole, tried = self.whole(False), []
    most = small_disk.size_of(self._folder / 'whole')
    for size in small_disk.sizes(most, self._trials):
      *found, workdir = small_disk.fill(self._folder, size)
      trial = Trial(*found, (), workdir)
      tried.append((f'{size} kB', harms(trial, whole)))
    return summed(small_disk.WORDS, tried, [f'of up to {most} kB'])


def chosen(count: int, trials: int) -> list[int]:
  """Numbers from 1 to `count`, evenly spaced; all where `trials` is 0."""
  if trials <= 0 or trials >= count:
    return list(range(1, count + 1))
  return sorted({1 + i * count // trials for i in range(trials)})


def harms(trial: Trial, whole: Whole) -> dict[str, str]:
  """What a fault has done: from `lost`, `doubled`, ... to a description."""
  found = {}
  where = _short(trial, ' '.join(trial.hit)) or 'no call failed'
  if problem := untold(trial):
    found['silent'] = f'{_short(trial, problem)} ({where})'
  lines = subject.lines(trial.workdir)
  if missing := whole.lines - lines:
    found['lost'] = f'{sorted(map(str, missing))[:2]} ({where})'
  if more := lines - whole.lines:
    found['doubled'] = f'{sorted(map(str, more))[:2]} ({where})'
  if trial.codes[1] or subject.table(trial.workdir) != whole.table:
    found['unequal'] = f'{_short(trial, trial.errors)[-300:]} ({where})'
  return found


def _short(trial: Trial, text: str) -> str:
  """A text in one line, with paths relative to the folder of the trials."""
  return ' '.join(text.replace(f'{trial.workdir.parent}/', '').split())


def untold(trial: Trial) -> str:
  """What is wrong with how a command ended; '' if it is as it should be."""
  if trial.codes[0] == 0:
    return ''
  text = trial.errors.partition(AGAIN)[0]
  last = (text.strip().splitlines() or [''])[-1]
  if trial.codes[0] not in (1, 2):
    return f'exit code {trial.codes[0]}'
  if 'Traceback' in text:
    return f'a traceback before {last!r}'
  if not last.startswith('error: ') or '; ' not in last or '/' not in last:
    return f'not one line with file and remedy: {last!r}'
  return ''


def summed(words: str, tried: list, notes: list[str]) -> Outcome:
  """The outcome of all trials of a fault, with the first harms in the note."""
  counts = collections.Counter(kind for _, found in tried for kind in found)
  first = [
    f'{name}: {kind}: {text}'
    for name, found in tried
    for kind, text in found.items()
  ]
  note = '; '.join(filter(None, [*notes, *first[:3]]))
  return Outcome('writes', words, len(tried), **counts, note=note)
