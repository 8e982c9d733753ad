"""The devices by runs and batch: which, how many, and what does not fit."""

from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh

from mtl_jax.errors import InputError


def check(config: Any) -> None:
  """Raises `InputError` for a mesh that the devices or the batch do not fit."""
  _check_mesh(config.mesh, jax.device_count())
  batch = _shape(config.mesh)[1]
  if config.batch_size % batch:
    below = config.batch_size // batch * batch
    sizes = f'{below} or {below + batch}' if below else f'{batch}'
    raise InputError(
      f'config.batch_size={config.batch_size} does not divide over the {batch} '
      f'devices that share a batch in config.mesh={config.mesh}; take {sizes}'
    )
  if config.spread == 'pmap':
    _check_pmap(batch)


def _check_mesh(mesh: Any, count: int) -> None:
  if mesh == ():
    return
  used, processes = mesh[0] * mesh[1], jax.process_count()
  if used > count or used % processes:
    batch = min(mesh[1], count)
    while count % batch:
      batch -= 1
    each = f', as many in each of {processes} processes' * (processes > 1)
    raise InputError(
      f'config.mesh={mesh} takes {used} devices and there are {count}{each}; '
      f'take "({count // batch}, {batch})"'
    )


def _check_pmap(batch: int) -> None:
  why = None
  if batch > 1:
    why = 'spreads runs alone, not the batch'
  elif jax.process_count() > 1:
    why = 'is for one process'
  elif not hasattr(jax, 'pmap'):
    why = f'is gone from JAX {jax.__version__}'
  if why:
    raise InputError(f"config.spread='pmap' {why}; take config.spread='jit'")


def _shape(mesh: tuple[int, ...]) -> tuple[int, int]:
  return mesh or (jax.device_count(), 1)


def mesh_for(runs: int, mesh: tuple[int, ...] = ()) -> Mesh:
  """The devices, by runs and batch: `config.mesh`, by default all for runs.

  Devices for more runs than there are stay idle, in one process; of several
  each must take part, and then runs are padded.
  """
  rows, batch = _shape(mesh)
  if jax.process_count() == 1:
    rows = min(rows, runs)
  # Neighbours share a host, and those in a row share a batch.
  grid = np.array(_first(rows * batch)).reshape(rows, batch)
  return Mesh(grid, ('runs', 'batch'), axis_types=(AxisType.Auto,) * 2)


def _first(count: int) -> list[jax.Device]:
  """So many devices, as many of each process."""
  each, processes = count // jax.process_count(), range(jax.process_count())
  return [d for p in processes for d in jax.local_devices(p)[:each]]


def round_up(runs: int, mesh: tuple[int, ...] = ()) -> int:
  """The next number of runs that the devices in use divide."""
  return runs + -runs % mesh_for(runs, mesh).shape['runs']
