"""Runs a module in which the nth call that changes a file fails.

  python -m tests.faults.writes.audited MODULE [FLAGS]

Takes the settings of failing_writes.c, but sees only what Python itself opens,
renames and removes, by an audit hook, and neither writes nor syncs.
"""

import os
import pathlib
import runpy
import sys

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
# By audit event: the kind of call, and which argument is the path.
EVENTS = {
  'os.rename': ('rename', 1),
  'os.mkdir': ('mkdir', 0),
  'os.link': ('link', 1),
  'os.remove': ('unlink', 0),
  'os.rmdir': ('unlink', 0),
  'os.truncate': ('truncate', 0),
}


class Failing:
  """An audit hook that counts calls and raises at some of them."""

  def __init__(self, settings: dict[str, str]):
    self.folders = settings['FAULT_FOLDERS'].split(':')
    self.kinds = settings['FAULT_KINDS'].split(',')
    self.nth, self.number = (
      int(settings[name]) for name in ('FAULT_NTH', 'FAULT_ERRNO')
    )
    self.all_later = settings['FAULT_ALL'] == '1'
    self.log, self.count = open(settings['FAULT_LOG'], 'a'), 0  # noqa: SIM115

  def __call__(self, event: str, arguments: tuple) -> None:
    """Is called by Python at every audit event."""
    if event == 'open':
      path, _, flags = arguments
      kind = 'open' if flags & WRITING else ''
    elif event in EVENTS:
      kind, place = EVENTS[event]
      path = arguments[place]
    else:
      return
    if kind in self.kinds and isinstance(path, str | os.PathLike):
      self.count_call(kind, os.path.abspath(path))

  def count_call(self, kind: str, path: str) -> None:
    """Counts a call, and raises if it has to fail."""
    if not any(path == f or path.startswith(f'{f}/') for f in self.folders):
      return
    self.count += 1
    later = self.all_later and self.count > self.nth > 0
    fails = self.count == self.nth or later
    self.log.write(f'{"! " * fails}{kind} {path}\n')
    self.log.flush()
    if fails:
      raise OSError(self.number, os.strerror(self.number), path)


def main() -> None:
  """Installs the hook and runs the module."""
  sys.argv = sys.argv[1:]
  sys.path.insert(0, str(pathlib.Path.cwd()))
  sys.addaudithook(Failing(dict(os.environ)))
  runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)


if __name__ == '__main__':
  main()
