"""Free memory of the fullest device, or its share of the host's memory."""

import pytest

from mtl_jax.resources import free_memory


def test_cpu_devices_share_the_memory(monkeypatch):
  monkeypatch.setattr(free_memory, '_host', lambda: 2**33)
  assert free_memory.free_bytes(1) == 2**33
  assert free_memory.free_bytes(4) == 2**31


class Device:
  platform = 'gpu'

  def __init__(self, stats):
    self.stats = stats

  def memory_stats(self):
    return self.stats


@pytest.mark.parametrize(
  ('stats', 'free'),
  [
    (
      [
        {'bytes_limit': 2**31, 'bytes_in_use': 2**30},
        {'bytes_limit': 2**32, 'bytes_in_use': 0},
      ],
      2**30,
    ),
    ([{'bytes_limit': 2**31}], 2**31),
    ([None], None),
    ([{}], None),
  ],
)
def test_the_fullest_accelerator_counts(stats, free, monkeypatch):
  devices = [Device(s) for s in stats]
  monkeypatch.setattr(free_memory.jax, 'local_devices', lambda: devices)
  assert free_memory.free_bytes(len(devices)) == free
