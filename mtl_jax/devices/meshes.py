"""Meshes with two axes: devices for runs, and devices that share a batch."""

from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh

from mtl_jax.errors import InputError


def check(config: Any) -> None:
  """Checks `config.mesh` against the devices and the batch size.

  Raises:
    InputError: if there are not enough devices, they do not divide over the
      processes, or the batch size does not divide over its devices.
  """
  _check_mesh(config.mesh, jax.device_count())
  batch = _shape(config.mesh)[1]
  if config.batch_size % batch:
    below = config.batch_size // batch * batch
    sizes = f'{below} or {below + batch}' if below else f'{batch}'
    raise InputError(
      f'config.batch_size={config.batch_size} is not a multiple of the {batch} '
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
    each = f', the same number in each of {processes} processes'
    raise InputError(
      f'config.mesh={mesh} needs {used} devices and there are {count}'
      f'{each * (processes > 1)}; take "({count // batch}, {batch})"'
    )


def _check_pmap(batch: int) -> None:
  why = None
  if batch > 1:
    why = 'cannot share a batch among devices'
  elif jax.process_count() > 1:
    why = 'needs a single process'
  elif not hasattr(jax, 'pmap'):
    why = f'is no longer in JAX {jax.__version__}'
  if why:
    raise InputError(f"config.spread='pmap' {why}; take config.spread='jit'")


def _shape(mesh: tuple[int, ...]) -> tuple[int, int]:
  return mesh or (jax.device_count(), 1)


def mesh_for(runs: int, mesh: tuple[int, ...] = ()) -> Mesh:
  """Creates the mesh for a number of runs.

  In a single process, devices in excess of the runs are left out. In a job of
  several processes each must take part, so that no device is left out and runs
  are padded; see `round_up`.

  Args:
    runs: number of runs.
    mesh: `config.mesh`, (devices for runs, devices that share a batch); ()
      spreads runs over all devices.

  Returns:
    A mesh with the axes 'runs' and 'batch'.
  """
  rows, batch = _shape(mesh)
  if jax.process_count() == 1:
    rows = min(rows, runs)
  # Consecutive devices are on one host; a batch is shared along a row.
  grid = np.array(_first(rows * batch)).reshape(rows, batch)
  return Mesh(grid, ('runs', 'batch'), axis_types=(AxisType.Auto,) * 2)


def _first(count: int) -> list[jax.Device]:
  """The first devices of each process, the same number of each."""
  each, processes = count // jax.process_count(), range(jax.process_count())
  return [d for p in processes for d in jax.local_devices(p)[:each]]


def round_up(runs: int, mesh: tuple[int, ...] = ()) -> int:
  """Rounds a number of runs up to a multiple of the devices for runs.

  Args:
    runs: number of runs.
    mesh: `config.mesh`, as in `mesh_for`.

  Returns:
    The number of runs with padding.
  """
  return runs + -runs % mesh_for(runs, mesh).shape['runs']
