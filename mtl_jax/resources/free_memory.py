"""The memory that is free on the devices of all processes."""

import jax
import psutil

from mtl_jax.processes import containers, hosts

_MIB = 2**20
_UNKNOWN = 2**31 - 1  # MiB; `hosts.largest` exchanges 32-bit integers


def free_bytes(sharing: int) -> int | None:
  """Returns the free memory of the fullest device of all processes.

  This is a collective operation: all processes must call it.

  Args:
    sharing: number of devices of this process that are used. On a CPU they
      share the memory of the machine equally.

  Returns:
    Bytes on each device, a multiple of 1 MiB, or None if it is not known.
  """
  devices = jax.local_devices()
  on_cpu = devices[0].platform == 'cpu'
  own = _host() // max(sharing, 1) if on_cpu else _least(devices[:sharing])
  # The minimum over processes is the negative of the largest negative.
  mebibytes = -hosts.largest(-(own // _MIB if own is not None else _UNKNOWN))
  return None if mebibytes == _UNKNOWN else mebibytes * _MIB


def _least(devices: list) -> int | None:
  statistics = [device.memory_stats() or {} for device in devices]
  # Not every backend reports its memory.
  if not statistics or not all('bytes_limit' in s for s in statistics):
    return None
  return min(s['bytes_limit'] - s.get('bytes_in_use', 0) for s in statistics)


def _host() -> int:
  return min([psutil.virtual_memory().available, *containers.free_memory()])
