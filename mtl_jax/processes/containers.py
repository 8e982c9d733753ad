"""Cores and memory that this process may use, given a container's limits.

Reads Linux control groups, versions 1 and 2. Groups are nested, and all limits
from the outermost group to the group of this process apply.
"""

import math
import os
import pathlib
from collections.abc import Iterator

ROOT = pathlib.Path('/sys/fs/cgroup')
OWN = pathlib.Path('/proc/self/cgroup')
# Files with quota and period of a group; version 2 has both in one file.
_QUOTAS = ('cpu.max',), ('cpu.cfs_quota_us', 'cpu.cfs_period_us')
# Files with the limit and the usage, and the entry of memory.stat with the page
# cache in it that the kernel reclaims when memory is needed.
_LIMITS = (
  ('memory.max', 'memory.current', 'inactive_file'),
  (
    'memory.limit_in_bytes',
    'memory.usage_in_bytes',
    'total_inactive_file',
  ),
)


def allowed_cores() -> int:
  """Returns the number of cores on which this process may run.

  Quotas of time are not considered; see `cores`.
  """
  affinity = getattr(os, 'sched_getaffinity', None)  # not on every system
  return len(affinity(0)) if affinity else os.cpu_count() or 1


def cores(root: pathlib.Path = ROOT, own: pathlib.Path = OWN) -> int:
  """Returns the number of cores that this process can keep busy.

  A quota of 2.5 cores counts as 2: once a group has used its quota, the kernel
  halts all of its threads for the rest of the period (0.1 s).

  Args:
    root: folder in which control groups are mounted.
    own: file that names the groups of this process.

  Returns:
    The number of cores, at least 1.
  """
  least = min([allowed_cores(), *_quotas(root, own)])
  return max(1, math.floor(least))


def free_memory(
  root: pathlib.Path = ROOT, own: pathlib.Path = OWN
) -> list[int]:
  """Returns the free memory under each limit of this process.

  Args:
    root: folder in which control groups are mounted.
    own: file that names the groups of this process.

  Returns:
    Bytes, one number per limit; empty if there is no limit.
  """
  free = []
  for group in _groups('memory', root, own):
    for limit, usage, cache in _LIMITS:
      try:
        most = int((group / limit).read_text())
        used = int((group / usage).read_text())
        lines = (group / 'memory.stat').read_text().splitlines()
      except (OSError, ValueError):  # No such file, or 'max'.
        continue
      statistics = dict(line.split() for line in lines)
      free.append(max(most - used + int(statistics.get(cache, 0)), 0))
  return free


def _quotas(root: pathlib.Path, own: pathlib.Path) -> list[float]:
  """CPU quotas of all groups in cores; empty if there is no quota."""
  quotas = []
  for group in _groups('cpu', root, own):
    for names in _QUOTAS:
      try:
        texts = [(group / name).read_text() for name in names]
        quota, period = map(int, ' '.join(texts).split())
      except (OSError, ValueError):  # No such file, or 'max'.
        continue
      if quota > 0 and period > 0:  # -1 is no limit.
        quotas.append(quota / period)
  return quotas


def _groups(
  controller: str, root: pathlib.Path, own: pathlib.Path
) -> Iterator[pathlib.Path]:
  """Folders of the groups of this process, the outermost first.

  Some may not exist: in a container its own group may be the root, while `own`
  still names the groups above it.
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
