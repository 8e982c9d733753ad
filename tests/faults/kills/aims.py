"""A command signals itself at a chosen moment of a chosen write.

A moment is in one call of a function that writes: before one of the operations
on files in it, in the middle of what is written to a file, at a random time,
since C++ writes files, too, or after it.
"""

import builtins
import functools
import importlib
import io
import json
import os
import pathlib
import random
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

# What is written, in words, and the functions that write it.
TARGETS = {
  'a record is written': ('mtl_jax.records:append',),
  'a checkpoint is saved': ('mtl_jax.run.checkpoints:Checkpoints.save',),
  'a model is kept': ('mtl_jax.run.kept:Keeper.finish',),
  'a program is kept': (
    'mtl_jax.cells.trace_cache:write',
    'jax._src.lru_cache:LRUCache.put',
  ),
  'table and page are written': (
    'mtl_jax.api.comparison:Comparison.write',
    'mtl_jax.api.comparison:Comparison.draw',
  ),
  'data are prepared': (
    'mtl_jax.data.store:prepare',
    'mtl_jax.data.store:arrays',
  ),
}
CHANGES = {
  *('os.rename', 'os.mkdir', 'os.remove', 'os.rmdir', 'os.truncate'),
  *('os.link', 'shutil.rmtree'),
}
WRITES = os.O_WRONLY | os.O_RDWR
HOW = 'before', 'half', 'timed', 'after'


class Aim(NamedTuple):
  """When a command signals itself.

  Attributes:
    target: a key of `TARGETS`.
    how: one of `HOW`; 'measure' only writes what there is to aim at.
    signum: the signal.
    call: number of the call of the target's functions.
    number: of the operation ('before') or of the opened file ('half') in it.
    seconds: after the beginning of the call ('timed').
    log: file to which 'measure' appends a line per call: operations, opened
      files, seconds.
  """

  target: str
  how: str
  signum: int = 0
  call: int = 0
  number: int = 0
  seconds: float = 0.0
  log: str = ''


def draw(
  target: str,
  signum: int,
  calls: list[list],
  number: int,
  rng: random.Random,
) -> Aim:
  """Draws a moment.

  Args:
    target: a key of `TARGETS`.
    signum: the signal.
    calls: of the target in an uninterrupted run, from `read`.
    number: of the trial; trials take turns with `HOW`.
    rng: draws the call, and the moment in it.
  """
  call = rng.randrange(len(calls))
  operations, files, seconds = calls[call]
  how = HOW[number % len(HOW)]
  counts = {'before': operations, 'half': files}
  if counts.get(how) == 0:  # A library writes there.
    how = 'timed'
  moment = rng.randrange(counts.get(how) or 1)
  return Aim(target, how, signum, call, moment, rng.uniform(0, seconds))


def read(log: pathlib.Path) -> list[list]:
  """Reads what 'measure' has written: operations, files, seconds per call."""
  return [json.loads(line) for line in log.read_text('utf-8').splitlines()]


def install(aim: Aim) -> None:
  """Aims at this process; call it before the command runs."""
  gun = _Gun(aim)
  for path in TARGETS[aim.target]:
    module, _, name = path.partition(':')
    owner = importlib.import_module(module)
    *classes, name = name.split('.')
    for part in classes:
      owner = getattr(owner, part)
    setattr(owner, name, gun.around(getattr(owner, name)))
  sys.addaudithook(gun.hear)
  builtins.open = io.open = gun.opened(io.open)


class _Gun:
  """Counts calls, and in the one that is aimed at what happens to files."""

  def __init__(self, aim: Aim):
    self._aim = aim
    self._lock = threading.RLock()  # programs are kept in several threads
    self._calls = self._operations = self._files = 0
    self._armed = False

  def around(self, function: Callable) -> Callable:
    """Returns a function of the target, watched."""

    @functools.wraps(function)
    def watched(*args, **kwargs):
      if self._armed:  # in a call of another function of the target
        return function(*args, **kwargs)
      with self._lock:
        return self._watch(lambda: function(*args, **kwargs))

    return watched

  def _watch(self, function: Callable) -> Any:
    measures = self._aim.how == 'measure'
    self._armed = measures or self._calls == self._aim.call
    self._calls += 1
    self._operations = self._files = 0
    began = time.monotonic()
    if self._armed and self._aim.how == 'timed':
      threading.Timer(self._aim.seconds, self.fire).start()
    try:
      return function()
    finally:
      if self._armed and self._aim.how in ('after', 'timed'):
        self.fire()
      armed, self._armed = self._armed, False
      if armed and measures:
        self._log(time.monotonic() - began)

  def fire(self) -> None:
    """Signals this process, once."""
    if self._armed:
      self._armed = False
      os.kill(os.getpid(), self._aim.signum)

  def hear(self, event: str, args: tuple) -> None:
    """Counts an operation on files, and fires before it: an audit hook."""
    if not self._armed:
      return
    if event in CHANGES or (event == 'open' and (args[2] or 0) & WRITES):
      self._operations += 1
      if self._aim.how == 'before' and self._operations > self._aim.number:
        self.fire()

  def opened(self, open_: Callable) -> Callable:
    """Returns `open`, which counts files that are opened to be written."""

    @functools.wraps(open_)
    def counted(file, mode='r', *args, **kwargs):
      made = open_(file, mode, *args, **kwargs)
      if self._armed and set(mode) & set('wax+'):
        self._files += 1
        if self._aim.how == 'half' and self._files > self._aim.number:
          return _Half(made, self.fire)
      return made

    return counted

  def _log(self, seconds: float) -> None:
    line = json.dumps([self._operations, self._files, seconds])
    with pathlib.Path(self._aim.log).open('a', encoding='utf-8') as file:
      file.write(line + '\n')


class _Half:
  """A file of which half of the first write is on disk when it fires."""

  def __init__(self, file: Any, fire: Callable[[], None]):
    self._file, self._fire = file, fire

  def write(self, data: Any) -> int:
    half = len(data) // 2
    self._file.write(data[:half])
    self._file.flush()
    self._fire()
    return half + self._file.write(data[half:])

  def __getattr__(self, name: str) -> Any:
    return getattr(self._file, name)

  def __iter__(self):
    return iter(self._file)

  def __enter__(self) -> '_Half':
    self._file.__enter__()
    return self

  def __exit__(self, *error) -> Any:
    return self._file.__exit__(*error)
