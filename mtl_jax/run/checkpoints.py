"""The whole state, exactly, through Orbax.

Orbax takes a second to import: it is, where a state is read or written. A cell
that trains in less time than lies between two saves needs none.
"""

import functools
import importlib
import logging
import pathlib
from types import ModuleType
from typing import Any

import jax
import numpy as np
from absl import logging as absl_logging

from mtl_jax.processes import hosts

absl_logging.set_verbosity(absl_logging.ERROR)
for _name in ('jax', 'orbax'):
  logging.getLogger(_name).setLevel(logging.WARNING)


class Checkpoints:
  """The newest state of a cell, in `folder`; an older one is deleted.

  A save that was cut off leaves the one before it in place. Of the processes
  of a job the first writes and reads, and the others are given what it read.
  """

  def __init__(self, folder: pathlib.Path):
    self._folder = folder

  @functools.cached_property
  def _manager(self) -> Any:
    """Orbax's, which makes the folder."""
    ocp = _orbax()
    self._folder.mkdir(parents=True, exist_ok=True)
    options = ocp.CheckpointManagerOptions(
      max_to_keep=1, cleanup_tmp_directories=True, create=False, **_alone()
    )
    return ocp.CheckpointManager(self._folder.absolute(), options=options)

  def latest(self) -> int | None:
    """The number of the newest state, or None."""
    there = hosts.is_process_0() and self._folder.is_dir()
    latest = self._manager.latest_step() if there else None
    number = hosts.from_process_0(0 if latest is None else latest + 1)
    return number - 1 if number else None

  def save(self, number: int, state: Any) -> None:
    """Writes `state`, a pytree of arrays, and returns when it is on disk."""
    if not hosts.is_process_0():
      return
    leaves = dict(enumerate(map(np.asarray, jax.tree.leaves(state))))
    named = {f'leaf_{i}': leaf for i, leaf in leaves.items()}
    self._manager.save(number, args=_orbax().args.StandardSave(named))
    self._manager.wait_until_finished()

  def restore(self, like: Any) -> Any:
    """The newest state, in the structure of `like`, as numpy arrays."""
    leaves, structure = jax.tree.flatten(like)
    blank = [np.zeros(leaf.shape, leaf.dtype) for leaf in leaves]
    found = hosts.arrays_from_process_0(
      self._read(blank) if hosts.is_process_0() else blank
    )
    return jax.tree.unflatten(structure, found)

  def _read(self, leaves: list[np.ndarray]) -> list[np.ndarray]:
    named = {f'leaf_{i}': leaf for i, leaf in enumerate(leaves)}
    saved = self._manager.restore(
      self._manager.latest_step(), args=_orbax().args.StandardRestore(named)
    )
    return [np.asarray(saved[name]) for name in named]

  def close(self) -> None:
    """Waits for Orbax's background work."""
    if '_manager' in vars(self):
      self._manager.close()


def _orbax() -> ModuleType:
  return importlib.import_module('orbax.checkpoint')


def _alone() -> dict:
  """Else Orbax has all processes of a job meet at every step of its own."""
  if jax.process_count() == 1:
    return {}
  leader = _orbax().options.MultiprocessingOptions(
    primary_host=0, active_processes={0}, barrier_sync_key_prefix='leader'
  )
  return {'multiprocessing_options': leader}
