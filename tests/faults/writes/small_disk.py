"""A small file system in memory, which a run fills in truth."""

import functools
import pathlib
import shutil
import subprocess
import sys

from tests.faults import subject
from tests.faults.writes.failing import SHORTER

WORDS = 'a small disk is filled'
REFUSED = 'not tried: mounting needs root, or user namespaces'
LEAST = 64  # kB; a table's folder needs more
# In a mount namespace of its own, so that nothing stays mounted.
UNSHARE = ['unshare', '--map-root-user', '--mount']
SCRIPT = """
disk=$1; size=$2; out=$3; shift 3
mount -t tmpfs -o size=${size}k tmpfs "$disk" || exit 99
"$@"; first=$?
mount -o remount,size=1g "$disk" || exit 99
"$@" 2> "$out/again"; second=$?
cp -r "$disk/trial" "$out/"
echo "$first $second" > "$out/codes"
"""


@functools.cache
def permitted() -> bool:
  """Whether this process may mount a file system."""
  if sys.platform != 'linux' or not shutil.which('unshare'):
    return False
  words = [*UNSHARE, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']
  return not subprocess.run(words, capture_output=True).returncode


def size_of(folder: pathlib.Path) -> int:
  """What the files of a folder take on a disk, in kB."""
  sizes = [p.stat().st_blocks for p in folder.rglob('*') if p.is_file()]
  return sum(sizes) // 2 + LEAST


def sizes(most: int, trials: int) -> list[int]:
  """Sizes up to `most`, in kB, at most `trials`; 20 where that is 0."""
  count = trials if trials > 0 else 20
  step = max(4, (most - LEAST) // count)
  return list(range(LEAST, most, step))[:count]


def fill(
  folder: pathlib.Path, size: int
) -> tuple[tuple[int, int], str, pathlib.Path]:
  """Runs the subject on a disk of so many kB, and again on a larger one.

  Args:
    folder: of the campaign, with `home`.
    size: of the disk.

  Returns:
    Both exit codes, what was written to stderr, and a copy of the workdir.
  """
  disk, out = folder / 'disk', folder / 'copied'
  shutil.rmtree(out, ignore_errors=True)
  for made in (disk, out):
    made.mkdir(exist_ok=True)
  words = ['sh', '-c', SCRIPT, 'sh', str(disk), str(size), str(out)]
  own = subject.command(disk / 'trial', **SHORTER)
  done = subprocess.run(
    [*UNSHARE, *words, *own], cwd=subject.ROOT,
    env=subject.environment(folder / 'home'), text=True, capture_output=True,
    check=False,
  )  # fmt: skip
  if not (out / 'codes').exists():
    raise RuntimeError(f'cannot fill a disk of {size} kB: {done.stderr}')
  first, second = map(int, (out / 'codes').read_text().split())
  again = f'\nagain: {(out / "again").read_text()}' if second else ''
  return (first, second), done.stderr + again, out / 'trial'
