"""Cores and memory of the machine, or within a container's limits."""

import types

import pytest

from mtl_jax.devices import sharding
from mtl_jax.processes import containers

V2, V1 = '0::/a/b\n', '4:memory:/a/b\n3:cpu,cpuacct:/a/b\n0::/\n'
QUOTA, PERIOD = 'cpu.cfs_quota_us', 'cpu.cfs_period_us'


def groups(root, files, own):
  """Creates a folder of control groups and the file that names our own."""
  for name, text in files.items():
    path = root / 'cgroup' / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
  (root / 'own').write_text(own)
  return root / 'cgroup', root / 'own'


@pytest.mark.parametrize(
  ('files', 'own', 'cores'),
  [
    # The machine has 8.
    ({}, '', 8),
    ({'cpu.max': 'max 100000\n'}, V2, 8),
    ({'cpu.max': '200000 100000\n'}, V2, 2),
    ({'cpu.max': '1600000 100000\n'}, V2, 8),
    ({'cpu.max': '150000 100000\n'}, V2, 1),
    ({'cpu.max': '390000 100000\n'}, V2, 3),
    ({'cpu.max': '20000 100000\n'}, V2, 1),
    # The minimum over this group and those above it, and over no others.
    (
      {
        'a/cpu.max': '300000 100000\n',
        'a/b/cpu.max': '500000 100000\n',
        'a/c/cpu.max': '100000 100000\n',
      },
      V2,
      3,
    ),
    ({'a/cpu.max': 'max 100000\n', 'a/b/cpu.max': '250000 50000\n'}, V2, 5),
    ({f'cpu/{QUOTA}': '-1\n', f'cpu/{PERIOD}': '100000\n'}, V1, 8),
    ({f'cpu/{QUOTA}': '400000\n', f'cpu/{PERIOD}': '100000\n'}, V1, 4),
    (
      {
        f'cpu/a/{QUOTA}': '200000\n',
        f'cpu/a/{PERIOD}': '100000\n',
        f'cpu/a/b/{QUOTA}': '-1\n',
        f'cpu/a/b/{PERIOD}': '100000\n',
      },
      V1,
      2,
    ),
    # Folders of the host, which do not exist in a container.
    ({'cpu.max': '200000 100000\n'}, '0::/../../docker/1\n', 2),
    ({'cpu.max': 'no number\n'}, V2, 8),
  ],
)
def test_a_quota_caps_the_cores(files, own, cores, tmp_path, monkeypatch):
  monkeypatch.setattr(containers, 'allowed_cores', lambda: 8)
  assert containers.cores(*groups(tmp_path, files, own)) == cores


@pytest.mark.parametrize(
  ('files', 'own', 'left'),
  [
    (
      {
        'memory.max': '1000\n',
        'memory.current': '700\n',
        'memory.stat': 'anon 500\ninactive_file 150\n',
      },
      '',
      [450],
    ),
    (
      {
        'memory/memory.limit_in_bytes': '1000\n',
        'memory/memory.usage_in_bytes': '1200\n',
        'memory/memory.stat': 'total_inactive_file 0\n',
      },
      '',
      [0],
    ),
    (
      {
        'memory.max': 'max\n',
        'memory.current': '700\n',
        'memory.stat': 'anon 5\n',
      },
      '',
      [],
    ),
    (
      {
        'memory/a/b/memory.limit_in_bytes': '1000\n',
        'memory/a/b/memory.usage_in_bytes': '300\n',
        'memory/a/b/memory.stat': 'total_inactive_file 0\n',
      },
      V1,
      [700],
    ),
    ({}, '', []),
  ],
)
def test_a_limit_less_what_is_used(files, own, left, tmp_path):
  assert containers.free_memory(*groups(tmp_path, files, own)) == left


def test_without_control_groups_all_cores_count(tmp_path):
  missing = tmp_path / 'none'
  assert containers.cores(missing, missing) == containers.allowed_cores()


@pytest.mark.parametrize(('cores', 'threads'), [(3, '3'), (8, None)])
def test_devices_and_threads_are_as_many_as_the_quota(
  cores, threads, monkeypatch
):
  monkeypatch.setattr(containers, 'allowed_cores', lambda: 8)
  monkeypatch.setattr(containers, 'cores', lambda: cores)
  monkeypatch.setattr(sharding.os, 'environ', environ := {})
  asked = {}
  config = types.SimpleNamespace(
    jax_num_cpu_devices=-1, update=asked.__setitem__
  )
  # Not the config of JAX: another test may have set the number of devices.
  monkeypatch.setattr(sharding.jax, 'config', config)
  sharding.use_every_core()
  assert asked == {'jax_num_cpu_devices': cores}
  assert environ.get('NPROC') == threads
