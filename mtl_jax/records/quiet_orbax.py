"""Silences what Orbax prints of an error beside raising it.

A write that fails cancels the others of the same checkpoint. Orbax logs that
with several tracebacks, asyncio logs the errors of the other tasks, and the
callbacks of TensorStore find the event loop closed. The first error is raised
all the same.
"""

import functools
import logging
import sys
from types import TracebackType
from typing import Any

from absl import logging as absl_logging

from mtl_jax.records import disk


@functools.cache  # Once per process.
def install() -> None:
  """Silences errors of failing writes; all other errors are shown as before."""
  absl_logging.set_verbosity(absl_logging.FATAL)
  for name in ('jax', 'orbax'):
    logging.getLogger(name).setLevel(logging.WARNING)
  # A command may set the verbosity of absl, through which Orbax logs, anew.
  for name in ('asyncio', 'absl'):
    logging.getLogger(name).addFilter(_shows)
  show, ignore = sys.excepthook, sys.unraisablehook

  def shown(
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
  ) -> None:
    if not _is_of_callback(error, trace):
      show(kind, error, trace)

  def ignored(unraisable: Any) -> None:
    if not _is_of_callback(unraisable.exc_value, unraisable.exc_traceback):
      ignore(unraisable)

  # C++ reports an error of Python in either way.
  sys.excepthook, sys.unraisablehook = shown, ignored


def _shows(record: logging.LogRecord) -> bool:
  error = record.exc_info[1] if record.exc_info else None
  return not disk.told(error or RuntimeError(record.getMessage()))


def _is_of_callback(error: BaseException, trace: TracebackType | None) -> bool:
  closed = isinstance(error, RuntimeError) and 'loop is closed' in str(error)
  # C++ calls it, so that no caller is in the traceback, in any thread.
  called = trace.tb_frame.f_code.co_name if trace else ''
  return closed and called == 'call_soon_threadsafe'
