"""The whole state, exactly, through Orbax."""

import logging
import pathlib
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp
from absl import logging as absl_logging

from mtl_jax import hosts

absl_logging.set_verbosity(absl_logging.ERROR)
for _name in ('jax', 'orbax'):
  logging.getLogger(_name).setLevel(logging.WARNING)


class Checkpoints:
  """The newest state of a cell, in `folder`; an older one is deleted.

  A save that was cut off leaves the one before it in place. Of the processes
  of a job the first writes and reads, and the others are given what it read.
  """

  def __init__(self, folder: pathlib.Path):
    folder.mkdir(parents=True, exist_ok=True)
    options = ocp.CheckpointManagerOptions(
      max_to_keep=1, cleanup_tmp_directories=True, create=False, **_alone()
    )
    self._manager = (
      ocp.CheckpointManager(folder.absolute(), options=options)
      if hosts.leads()
      else None
    )

  def latest(self) -> int | None:
    """The number of the newest state, or None."""
    latest = self._manager.latest_step() if self._manager else None
    number = hosts.told(0 if latest is None else latest + 1)
    return number - 1 if number else None

  def save(self, number: int, state: Any) -> None:
    """Writes `state`, a pytree of arrays, and returns when it is on disk."""
    if not self._manager:
      return
    leaves = dict(enumerate(map(np.asarray, jax.tree.leaves(state))))
    named = {f'leaf_{i}': leaf for i, leaf in leaves.items()}
    self._manager.save(number, args=ocp.args.StandardSave(named))
    self._manager.wait_until_finished()

  def restore(self, like: Any) -> Any:
    """The newest state, in the structure of `like`, as numpy arrays."""
    leaves, structure = jax.tree.flatten(like)
    blank = [np.zeros(leaf.shape, leaf.dtype) for leaf in leaves]
    found = hosts.shared(self._read(blank) if self._manager else blank)
    return jax.tree.unflatten(structure, found)

  def _read(self, leaves: list[np.ndarray]) -> list[np.ndarray]:
    named = {f'leaf_{i}': leaf for i, leaf in enumerate(leaves)}
    saved = self._manager.restore(
      self._manager.latest_step(), args=ocp.args.StandardRestore(named)
    )
    return [np.asarray(saved[name]) for name in named]

  def close(self) -> None:
    """Waits for Orbax's background work."""
    if self._manager:
      self._manager.close()


def _alone() -> dict:
  """Else Orbax has all processes of a job meet at every step of its own."""
  if jax.process_count() == 1:
    return {}
  leader = ocp.options.MultiprocessingOptions(
    primary_host=0, active_processes={0}, barrier_sync_key_prefix='leader'
  )
  return {'multiprocessing_options': leader}
