"""What this machine has to train with: memory, as it is now."""

import jax
import psutil

from mtl_jax.processes import containers, hosts

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
  mebibytes = -hosts.largest(-(own // _MIB if own is not None else 2**31 - 1))
  return None if mebibytes == 2**31 - 1 else mebibytes * _MIB


def _least(devices: list) -> int | None:
  told = [device.memory_stats() or {} for device in devices]
  if not told or not all('bytes_limit' in stats for stats in told):
    return None
  return min(s['bytes_limit'] - s.get('bytes_in_use', 0) for s in told)


def _host() -> int:
  return min([psutil.virtual_memory().available, *containers.free_memory()])
