"""Checkpoints: the whole state of training, to the bit, through Orbax.

Orbax takes a second to import, so it is imported at the first checkpoint. A
cell that trains in less time than lies between two checkpoints needs none.
"""

import functools
import importlib
import pathlib
from types import ModuleType
from typing import Any

import jax
import numpy as np

from mtl_jax.processes import hosts
from mtl_jax.records import disk, quiet_orbax

quiet_orbax.install()


class Checkpoints:
  """The newest checkpoint of a cell; older ones are deleted.

  A save that is interrupted leaves the checkpoint before it in place. Of a job
  with several processes only process 0 reads and writes files; it sends the
  restored state to the others.

  Args:
    folder: holds the checkpoint; made when it is needed.
  """

  def __init__(self, folder: pathlib.Path):
    self._folder = folder

  @functools.cached_property
  def _manager(self) -> Any:
    """Orbax's manager; making it makes the folder."""
    ocp = _orbax()
    self._folder.mkdir(parents=True, exist_ok=True)
    options = ocp.CheckpointManagerOptions(
      max_to_keep=1,
      cleanup_tmp_directories=True,
      create=False,
      **_process_0_alone(),
    )
    return ocp.CheckpointManager(self._folder.absolute(), options=options)

  def latest(self) -> int | None:
    """The number of the newest checkpoint, or None; all processes must ask."""
    exists = hosts.is_process_0() and self._folder.is_dir()
    latest = self._manager.latest_step() if exists else None
    # Only numbers of 0 or more can be sent; 0 stands for None.
    number = hosts.from_process_0(0 if latest is None else latest + 1)
    return number - 1 if number else None

  def save(self, number: int, state: Any) -> None:
    """Writes a checkpoint and returns when it is on disk.

    Args:
      number: larger than those of earlier checkpoints.
      state: a pytree of arrays.

    Raises:
      disk.WriteError: if the disk is full or fails; the checkpoint before this
        one stays.
    """
    if not hosts.is_process_0():
      return
    leaves = dict(enumerate(map(np.asarray, jax.tree.leaves(state))))
    named = {f'leaf_{i}': leaf for i, leaf in leaves.items()}
    with disk.writing(self._folder):
      self._manager.save(number, args=_orbax().args.StandardSave(named))
      self._manager.wait_until_finished()
      disk.sync_all(self._folder)  # Orbax syncs arrays alone.

  def restore(self, like: Any) -> Any:
    """Reads the newest checkpoint; all processes must call it.

    Args:
      like: a pytree of arrays or of their shapes, with the structure that was
        saved.

    Returns:
      The state, as numpy arrays.
    """
    leaves, structure = jax.tree.flatten(like)
    blank = [np.zeros(leaf.shape, leaf.dtype) for leaf in leaves]
    restored = hosts.arrays_from_process_0(
      self._read(blank) if hosts.is_process_0() else blank
    )
    return jax.tree.unflatten(structure, restored)

  def _read(self, leaves: list[np.ndarray]) -> list[np.ndarray]:
    named = {f'leaf_{i}': leaf for i, leaf in enumerate(leaves)}
    saved = self._manager.restore(
      self._manager.latest_step(), args=_orbax().args.StandardRestore(named)
    )
    return [np.asarray(saved[name]) for name in named]

  def close(self) -> None:
    """Waits for Orbax's background work; without a checkpoint there is none."""
    if '_manager' in vars(self):
      self._manager.close()


def _orbax() -> ModuleType:
  return importlib.import_module('orbax.checkpoint')


def _process_0_alone() -> dict:
  """Options by which process 0 alone takes part in saving."""
  if jax.process_count() == 1:
    return {}
  # By default Orbax synchronizes all processes, and only one calls it here.
  options = _orbax().options.MultiprocessingOptions(
    primary_host=0, active_processes={0}, barrier_sync_key_prefix='leader'
  )
  return {'multiprocessing_options': options}
