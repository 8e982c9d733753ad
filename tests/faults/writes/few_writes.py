"""Writes a few files again and again; each time another call fails.

  python -m tests.faults.writes.few_writes FOLDER ERRNO

Each time is a fork in a folder of its own, FOLDER/1 and so on, until no call is
left to fail. Prints a line of JSON for each: what failed and what was said.
"""

import json
import os
import pathlib
import sys

from mtl_jax.records import atomic, disk, lines
from tests.faults.writes import audited, failing


def write(folder: pathlib.Path) -> str:
  """Writes records, a new file and an old one; returns an error's line."""
  try:
    lines.append(folder, {'kind': 'first'})
    lines.append(folder, {'kind': 'second'}, {'kind': 'third'})
    atomic.write(folder / 'replaced', 'new')
    atomic.create(folder / 'created', 'made')
  except OSError as error:
    return disk.told(error) or f'untold: {error!r}'
  return ''


def failed(folder: pathlib.Path, nth: int, number: int) -> str:
  """Writes in a folder while a call fails; returns what was said of it."""
  fault = failing.Fault(nth=nth, number=number)
  own = failing.environment(fault, [folder], folder.parent / f'{nth}.log')
  os.environ.update(own)
  if 'LD_PRELOAD' not in os.environ:
    sys.addaudithook(audited.Failing(own))
  return write(folder)


def main() -> None:
  """Forks until no call fails."""
  above, number = pathlib.Path(sys.argv[1]), int(sys.argv[2])
  calls, nth = [(True, '', '')], 0
  while calls:
    nth += 1
    folder = above / str(nth)
    folder.mkdir()
    (folder / 'replaced').write_text('old')
    read, given = os.pipe()
    if not os.fork():
      os.write(given, failed(folder, nth, number).encode())
      os._exit(0)
    os.close(given)
    os.wait()
    with open(read, encoding='utf-8') as pipe:
      said = pipe.read()
    calls = [c for c in failing.read_calls(above / f'{nth}.log') if c[0]]
    print(json.dumps({'nth': nth, 'failed': calls, 'said': said}))


if __name__ == '__main__':
  main()
