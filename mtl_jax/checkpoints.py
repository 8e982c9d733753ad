"""The whole state, exactly, through Orbax."""

import logging
import pathlib
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp
from absl import logging as absl_logging

absl_logging.set_verbosity(absl_logging.ERROR)
for _name in ('jax', 'orbax'):
  logging.getLogger(_name).setLevel(logging.WARNING)


class Checkpoints:
  """The newest state of a cell, in `folder`; an older one is deleted.

  A save that was cut off leaves the one before it in place.
  """

  def __init__(self, folder: pathlib.Path):
    options = ocp.CheckpointManagerOptions(
      max_to_keep=1, cleanup_tmp_directories=True
    )
    self._manager = ocp.CheckpointManager(folder.absolute(), options=options)

  def latest(self) -> int | None:
    """The number of the newest state, or None."""
    return self._manager.latest_step()

  def save(self, number: int, state: Any) -> None:
    """Writes `state`, a pytree of arrays, and returns when it is on disk."""
    leaves = dict(enumerate(map(np.asarray, jax.tree.leaves(state))))
    named = {f'leaf_{i}': leaf for i, leaf in leaves.items()}
    self._manager.save(number, args=ocp.args.StandardSave(named))
    self._manager.wait_until_finished()

  def restore(self, like: Any) -> Any:
    """The newest state, in the structure of `like`, as numpy arrays."""
    leaves, structure = jax.tree.flatten(like)
    named = {f'leaf_{i}': np.asarray(leaf) for i, leaf in enumerate(leaves)}
    saved = self._manager.restore(
      self.latest(), args=ocp.args.StandardRestore(named)
    )
    found = [np.asarray(saved[f'leaf_{i}']) for i in range(len(leaves))]
    return jax.tree.unflatten(structure, found)

  def close(self) -> None:
    """Waits for Orbax's background work."""
    self._manager.close()
