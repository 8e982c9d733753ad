"""What the limits of a container leave of the machine: cores and memory.

Control groups of both versions are read. They are nested, and every limit from
the outermost group to that of this process holds.
"""

import math
import os
import pathlib
from collections.abc import Iterator

ROOT = pathlib.Path('/sys/fs/cgroup')
OWN = pathlib.Path('/proc/self/cgroup')
# Files of a group: version 2 has both numbers in one.
_QUOTAS = ('cpu.max',), ('cpu.cfs_quota_us', 'cpu.cfs_period_us')
# A limit and what of it is in use; pages of files are given back when they are
# needed.
_LIMITS = (
  ('memory.max', 'memory.current', 'inactive_file'),
  (
    'memory.limit_in_bytes',
    'memory.usage_in_bytes',
    'total_inactive_file',
  ),
)


def allowed_cores() -> int:
  """On how many cores this process may run, whatever the time it is given."""
  mine = getattr(os, 'sched_getaffinity', None)  # not on every system
  return len(mine(0)) if mine else os.cpu_count() or 1


def cores(root: pathlib.Path = ROOT, own: pathlib.Path = OWN) -> int:
  """Cores that this process can keep busy, at least 1.

  A quota of 2.5 cores is 2, since the kernel halts every thread of the group
  for the rest of a period (.1 s) in which the quota is spent.
  """
  least = min([allowed_cores(), *_quotas(root, own)])
  return max(1, math.floor(least))


def free_memory(
  root: pathlib.Path = ROOT, own: pathlib.Path = OWN
) -> list[int]:
  """Bytes that each limit leaves; none where there is no limit."""
  found = []
  for group in _groups('memory', root, own):
    for limit, usage, cache in _LIMITS:
      try:
        most = int((group / limit).read_text())
        used = int((group / usage).read_text())
        lines = (group / 'memory.stat').read_text().splitlines()
      except (OSError, ValueError):  # No such file, or 'max'.
        continue
      kept = dict(line.split() for line in lines)
      found.append(max(most - used + int(kept.get(cache, 0)), 0))
  return found


def _quotas(root: pathlib.Path, own: pathlib.Path) -> list[float]:
  """Cores' worth of time that each group may take; none is no limit."""
  found = []
  for group in _groups('cpu', root, own):
    for names in _QUOTAS:
      try:
        texts = [(group / name).read_text() for name in names]
        quota, period = map(int, ' '.join(texts).split())
      except (OSError, ValueError):  # No such file, or 'max'.
        continue
      if quota > 0 and period > 0:  # -1 is no limit.
        found.append(quota / period)
  return found


def _groups(
  controller: str, root: pathlib.Path, own: pathlib.Path
) -> Iterator[pathlib.Path]:
  """Folders of this process's groups, from the outermost in.

  A container may see its own group as the root, and not the folders above it,
  though they are named.
  """
  tops = {'': root, controller: root / controller}
  yield from tops.values()
  try:
    lines = own.read_text().splitlines()
  except OSError:  # Not Linux.
    return
  for line in lines:
    _, names, path = line.split(':', 2)
    parts = pathlib.PurePosixPath(path).parts[1:]
    for name in set(names.split(',')) & set(tops):
      if '..' not in parts:
        for depth in range(1, len(parts) + 1):
          yield tops[name].joinpath(*parts[:depth])
