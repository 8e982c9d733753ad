"""Free memory: the machine's, or what a container's limit leaves."""

import pytest

from mtl_jax import machine


def write(root, files):
  for name, text in files.items():
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
  ('files', 'left'),
  [
    (
      {
        'memory.max': '1000\n',
        'memory.current': '700\n',
        'memory.stat': 'anon 500\ninactive_file 150\n',
      },
      [450],
    ),
    (
      {
        'memory/memory.limit_in_bytes': '1000\n',
        'memory/memory.usage_in_bytes': '1200\n',
        'memory/memory.stat': 'total_inactive_file 0\n',
      },
      [0],
    ),
    (
      {
        'memory.max': 'max\n',
        'memory.current': '700\n',
        'memory.stat': 'anon 5\n',
      },
      [],
    ),
    ({}, []),
  ],
)
def test_a_containers_limit_less_what_it_uses(files, left, tmp_path):
  write(tmp_path, files)
  assert machine._containers(tmp_path) == left


def test_devices_of_a_cpu_share_its_memory(monkeypatch):
  monkeypatch.setattr(machine, '_host', lambda: 2**33)
  assert machine.free_bytes(1) == 2**33
  assert machine.free_bytes(4) == 2**31


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
  found = [Device(s) for s in stats]
  monkeypatch.setattr(machine.jax, 'local_devices', lambda: found)
  assert machine.free_bytes(len(found)) == free
