"""What this machine has to train with: memory, as it is now."""

import pathlib

import jax
import psutil

from mtl_jax import hosts

# A container's limit and what of it is in use, in both forms that Linux has;
# pages of files are given back when they are needed.
_LIMITS = (
  ('memory.max', 'memory.current', 'memory.stat', 'inactive_file'),
  (
    'memory/memory.limit_in_bytes',
    'memory/memory.usage_in_bytes',
    'memory/memory.stat',
    'total_inactive_file',
  ),
)
_MIB = 2**20


def free_bytes(sharing: int) -> int | None:
  """Bytes that a device can still take, or None where that is not known.

  The least of all processes' devices, in whole MiB; all processes must ask.

  Args:
    sharing: devices of this process that are used; on a CPU they share the
      machine's memory.
  """
  devices = jax.local_devices()
  on_cpu = devices[0].platform == 'cpu'
  own = _host() // max(sharing, 1) if on_cpu else _least(devices[:sharing])
  # -1 where it is not known; the largest of the negatives is the least.
  mebibytes = -hosts.agreed(-(own // _MIB if own is not None else 2**31 - 1))
  return None if mebibytes == 2**31 - 1 else mebibytes * _MIB


def _least(devices: list) -> int | None:
  told = [device.memory_stats() or {} for device in devices]
  if not told or not all('bytes_limit' in stats for stats in told):
    return None
  return min(s['bytes_limit'] - s.get('bytes_in_use', 0) for s in told)


def _host() -> int:
  return min([psutil.virtual_memory().available, *_containers()])


def _containers(
  root: pathlib.Path = pathlib.Path('/sys/fs/cgroup'),
) -> list[int]:
  """What a container's limit leaves; none where there is no limit."""
  found = []
  for limit, usage, stat, cache in _LIMITS:
    try:
      most = int((root / limit).read_text())
      used = int((root / usage).read_text())
      lines = (root / stat).read_text().splitlines()
    except (OSError, ValueError):  # No such file, or 'max'.
      continue
    kept = dict(line.split() for line in lines)
    found.append(max(most - used + int(kept.get(cache, 0)), 0))
  return found
