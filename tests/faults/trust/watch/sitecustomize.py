"""Python runs this at its start: a job notes what it writes, offline.

With this folder on PYTHONPATH a command and all Python processes that it starts
add a line per write to the file that MTL_JAX_WATCH names.
"""

import importlib.util
import json
import os
import pathlib
import sys

OFFLINE = pathlib.Path(__file__).parents[3] / 'offline.py'
# Events of Python, which of their arguments are paths that are written, and
# which the folder that a relative one begins from.
CHANGES = {
  'os.mkdir': ((0, 2),),
  'os.rename': ((0, 2), (1, 3)),
  'os.link': ((1, 3),),
  'os.symlink': ((1, 2),),
  'os.remove': ((0, 1),),
  'os.rmdir': ((0, 1),),
  'os.truncate': ((0, None),),
}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def written(event: str, given: tuple) -> list:
  """The paths that an event of Python writes to."""
  if event == 'open':
    return [given[0]] if given[2] & WRITES else []
  found = CHANGES.get(event, ())
  return [given[i] for i, folder in found if not _inside(given, folder)]


def _inside(given: tuple, folder: int | None) -> bool:
  # Whoever opened the folder has been noted, or nothing is made there.
  return folder is not None and given[folder] not in (-1, None)


def watch(log: int) -> None:
  """Adds lines to a file that is open; each is one JSON string."""

  def hook(event, given):
    for path in written(event, given):
      if isinstance(path, str | bytes | os.PathLike):
        line = json.dumps(os.path.abspath(os.fsdecode(path)))
        os.write(log, f'{line}\n'.encode())

  sys.addaudithook(hook)


if name := os.environ.get('MTL_JAX_WATCH'):
  watch(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND))
  spec = importlib.util.spec_from_file_location('offline', OFFLINE)
  offline = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(offline)
  offline.close()
