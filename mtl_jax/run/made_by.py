"""The facts of `made.json`: what determines the numbers of a cell.

See `records.made`, which writes the file.
"""

import functools
import importlib.metadata
import os
import pathlib
import platform
from typing import Any

import jax

from mtl_jax.cells import Cell
from mtl_jax.records import checkout, made

PACKAGES = (
  *('jax', 'jaxlib', 'flax', 'optax', 'numpy', 'orbax-checkpoint'),
  'scikit-learn',
)
# Flags of XLA that only write or count, or that `devices` covers.
NO_EFFECT = (
  *('--xla_dump', '--xla_gpu_dump', '--xla_hlo_profile', '--xla_tpu_dump'),
  '--xla_force_host_platform_device_count',
)
# The command line of this process, or the call of Python; '' if none is known.
COMMAND: list[str] = ['']


def begin(cell: Cell, folder: pathlib.Path, resumed: bool) -> None:
  """Writes `made.json` when the training of a cell begins, or is resumed.

  Args:
    cell: what is trained.
    folder: of the cell.
    resumed: whether it goes on from a checkpoint.
  """
  plan = cell.plan
  program = {'runs': plan.runs, 'side_by_side': plan.side_by_side}
  sources = cell.identity['sources']
  made.begin(folder, asked(cell), facts(cell, sources, program), resumed)


def asked(cell: Cell, row: str = '') -> dict[str, Any]:
  """What is trained: enough to make the cell again, with its data.

  Args:
    cell: what is trained, or whose data a reference row has.
    row: name of the reference row; '' for a cell that is trained in steps.
  """
  config = cell.config.to_dict()
  return {
    'scheme': row or cell.config.scheme,
    'balancer': '' if row else cell.config.balancer,
    'row': row,
    'runs': cell.config.seeds if row else len(cell.runs),
    'groups': cell.groups,
    'config': config,
  }


def facts(cell: Cell, sources: dict[str, str], program: dict) -> dict[str, Any]:
  """What this process is: code, versions, devices, precision, flags.

  Args:
    cell: for its precision and kinds of tasks.
    sources: digests of the code that its numbers come from.
    program: how many runs one program trains, and whether side by side.
  """
  digests = {**sources, **_kinds(cell)}
  return {
    'code': {'digests': digests, **checkout.state()._asdict()},
    'versions': _versions(),
    'devices': _devices(),
    'precision': {
      'compute': cell.config.compute,
      'matmul': str(jax.config.jax_default_matmul_precision or 'default'),
      'x64': jax.config.jax_enable_x64,
    },
    'flags': _flags(),
    'program': program,
    'command': COMMAND[0],
    'folder': os.getcwd(),
  }


def _kinds(cell: Cell) -> dict[str, str]:
  kinds = cell.comparable['kinds'].items()
  return {f'kind {name}': digest for name, digest in kinds}


@functools.cache
def _versions() -> dict[str, str]:
  found = {'python': platform.python_version()}
  for name in PACKAGES:
    try:
      found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
      found[name] = checkout.UNKNOWN
  return found


def _devices() -> dict[str, Any]:
  device = jax.devices()[0]
  return {
    'platform': device.platform,
    'kind': device.device_kind,
    'count': jax.device_count(),
    'processes': jax.process_count(),
    'processor': _processor(),
  }


@functools.cache
def _processor() -> str:
  """The model of the host's processor."""
  try:
    with open('/proc/cpuinfo', encoding='utf-8') as lines:
      # Not all of it: the kernel writes a part for each core.
      for line in lines:
        if line.startswith(('model name', 'CPU part')):
          return f'{platform.machine()} {line.partition(":")[2].strip()}'
  except OSError:  # not Linux
    pass
  return f'{platform.machine()} {platform.processor()}'.strip()


def _flags() -> dict[str, Any]:
  flags = os.environ.get('XLA_FLAGS', '').split()
  return {
    'XLA_FLAGS': ' '.join(sorted(f for f in flags if _matters(f))),
    'prng': str(jax.config.jax_default_prng_impl),
    'threefry_partitionable': jax.config.jax_threefry_partitionable,
    'least_optimizations': jax.config.read('jax_disable_most_optimizations'),
  }


def _matters(flag: str) -> bool:
  return not flag.startswith(NO_EFFECT)
