"""Ctrl-C and SIGTERM stop training after the state is saved."""

import atexit
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import NoReturn

DAEMON = 'mtl_jax daemon'  # start of the names of threads; see `leave_daemons`


class Stopped(Exception):
  """Training was stopped by a signal, and its state is saved.

  Attributes:
    signum: number of the signal.
  """

  def __init__(self, signum: int):
    super().__init__(f'stopped by {signal.Signals(signum).name}')
    self.signum = signum


class Terminated(KeyboardInterrupt):
  """SIGTERM outside training, where no state has to be saved."""


def number(error: KeyboardInterrupt) -> int:
  """Returns the number of the signal that an interrupt stands for."""
  own = isinstance(error, Terminated)
  return signal.SIGTERM if own else signal.SIGINT


@contextlib.contextmanager
def terminating() -> Iterator[None]:
  """Inside the block SIGTERM raises `Terminated`, as SIGINT an interrupt."""
  if threading.current_thread() is not threading.main_thread():
    yield
    return

  def handle(signum, frame):
    del signum, frame
    raise Terminated

  before = signal.signal(signal.SIGTERM, handle)
  try:
    yield
  finally:
    signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def unchanged() -> Iterator[None]:
  """Restores the handler of SIGTERM that the block may replace.

  Raises:
    Terminated: a handler of the block exits.
  """
  before = signal.getsignal(signal.SIGTERM)
  try:
    yield
  except SystemExit:
    raise Terminated from None
  finally:
    # A handler that C code has installed is None here; nobody can restore it.
    own = threading.current_thread() is threading.main_thread()
    if own and before is not None:
      signal.signal(signal.SIGTERM, before)


def kept_during(function: Callable[[], object]) -> None:
  """Calls a function whose C code resets the handler of SIGTERM.

  Python does not learn of it, and the process would end without a word.

  Args:
    function: takes nothing; it is called in another thread, since only this
      one may set the handler again.
  """
  if threading.current_thread() is not threading.main_thread():
    function()
    return
  handler = signal.getsignal(signal.SIGTERM)
  with futures.ThreadPoolExecutor(1) as pool:
    called = pool.submit(function)
    while not futures.wait([called], 0.01).done:
      signal.signal(signal.SIGTERM, handler)
  signal.signal(signal.SIGTERM, handler)
  called.result()


def leave_with(code: int) -> None:
  """At exit a signal ends this process at once, with its exit code.

  Call it when all is written, after any other `atexit.register`: handlers run
  in reverse order.
  """

  def leave(signum, frame):
    del signum, frame
    os._exit(code)

  def ready():
    _flush()
    for signum in (signal.SIGINT, signal.SIGTERM):
      signal.signal(signum, leave)

  atexit.register(ready)


def leave_now(code: int) -> NoReturn:
  """Exits without waiting for threads, as after a write that failed.

  Orbax waits minutes for a folder that another of its threads could not make.

  Args:
    code: the exit code.
  """
  _flush()
  os._exit(code)


def _flush() -> None:
  for stream in (sys.stdout, sys.stderr):
    with contextlib.suppress(OSError):  # as of a pipe that nobody reads
      stream.flush()


@contextlib.contextmanager
def postponed() -> Iterator[Callable[[], int]]:
  """Postpones SIGINT and SIGTERM inside the block.

  A second signal raises `KeyboardInterrupt` at once. Outside the main thread,
  where Python takes no signals, nothing is postponed.

  Yields:
    A function that returns the number of the signal received so far, or 0.
  """
  asked = []
  if threading.current_thread() is not threading.main_thread():
    yield lambda: 0
    return

  def handle(signum, frame):
    del frame
    if asked:
      raise Terminated if signum == signal.SIGTERM else KeyboardInterrupt
    asked.append(signum)
    # Not `print`, which is not reentrant: the signal may interrupt a `print`.
    os.write(2, b'\nstopping after this evaluation; once more stops at once\n')

  signals = (signal.SIGINT, signal.SIGTERM)
  before = [signal.signal(s, handle) for s in signals]
  try:
    yield lambda: asked[0] if asked else 0
  finally:
    for s, handler in zip(signals, before, strict=True):
      signal.signal(s, handler)


def leave_daemons(codes: list[int]) -> None:
  """Exits without waiting for daemon threads that still compute.

  At exit Python ends a daemon thread as soon as it acquires the interpreter
  lock; if C++ code called it, that may abort the process. Call this before any
  other `atexit.register`: handlers run in reverse order, so that all others
  run first.

  Args:
    codes: empty list; its first element at exit is the exit code.
  """

  def leave():
    if any(t.name.startswith(DAEMON) for t in threading.enumerate()):
      leave_now(codes[0] if codes else 1)
    # Python resets handlers before it ends, and this takes part of a second.
    for signum in (signal.SIGINT, signal.SIGTERM):
      if codes and signal.getsignal(signum) is not signal.SIG_DFL:
        signal.signal(signum, signal.SIG_IGN)

  atexit.register(leave)
