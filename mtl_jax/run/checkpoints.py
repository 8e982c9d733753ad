"""Checkpoints: the whole state of training, to the bit, through Orbax.

Orbax takes a second to import, so it is imported at the first checkpoint. A
cell that trains in less time than lies between two checkpoints needs none.
"""

import functools
import importlib
import pathlib
import shutil
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import jax
import numpy as np

from mtl_jax.errors import InputError
from mtl_jax.processes import hosts
from mtl_jax.records import digests, disk, quiet_orbax

quiet_orbax.install()


class Checkpoints:
  """The newest checkpoint of a cell; older ones are deleted.

  A save that is interrupted leaves the checkpoint before it in place. A
  checkpoint counts once its digests are written; one that does not fit them is
  reported and removed, so that training goes on from an older one or from the
  beginning. Of a job with several processes only process 0 reads and writes
  files; it sends the restored state to the others.

  Args:
    folder: holds the checkpoint; made when it is needed.
    say: takes a line about a damaged checkpoint.
  """

  def __init__(self, folder: pathlib.Path, say: Callable[[str], None] = print):
    self._folder, self._say = folder, say

  @functools.cached_property
  def _manager(self) -> Any:
    """Orbax's manager; making it makes the folder."""
    ocp = _orbax()
    self._folder.mkdir(parents=True, exist_ok=True)
    self._remove_damaged()
    options = ocp.CheckpointManagerOptions(
      max_to_keep=2,  # the older one until the newer one has its digests
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

  def _remove_damaged(self) -> None:
    """Removes checkpoints that do not fit their digests."""
    with_digests = [p for p in self._steps() if digests.beside(p).exists()]
    for path in self._steps():
      # Where others have digests, one without was not saved to its end.
      if with_digests and path not in with_digests:
        shutil.rmtree(path)
      for problem in list(digests.problems(path, ''))[:1]:
        self._say(
          f'{problem.path} is damaged ({problem.what}): this checkpoint is not '
          'used'
        )
        self._remove(path)
    for path in self._folder.glob(f'*{digests.SUFFIX}'):
      if not path.with_name(path.name.removesuffix(digests.SUFFIX)).exists():
        path.unlink()  # A process was killed before it did so.

  def _steps(self) -> Iterator[pathlib.Path]:
    """The checkpoints, of which Orbax has written all files."""
    yield from [p for p in sorted(self._folder.iterdir()) if p.name.isdigit()]

  def _remove(self, path: pathlib.Path) -> None:
    # The digests last: what has none counts, where no other has any.
    shutil.rmtree(path, ignore_errors=True)
    digests.forget(path)

  def save(self, number: int, state: Any, **more: Any) -> None:
    """Writes a checkpoint and returns when it is on disk.

    Args:
      number: larger than those of earlier checkpoints.
      state: a pytree of arrays.
      **more: further entries of the file with its digests.

    Raises:
      disk.WriteError: if the disk is full or fails; the checkpoint before this
        one stays.
    """
    if not hosts.is_process_0():
      return
    leaves = dict(enumerate(map(np.asarray, jax.tree.leaves(state))))
    named = {f'leaf_{i}': leaf for i, leaf in leaves.items()}
    new = self._folder / str(number)
    with disk.writing(self._folder):
      digests.forget(new)
      self._manager.save(number, args=_orbax().args.StandardSave(named))
      self._manager.wait_until_finished()
      disk.sync_all(self._folder)  # Orbax syncs arrays alone.
      digests.write_beside(new, **more)
      self._remove_but(new)

  def _remove_but(self, new: pathlib.Path) -> None:
    for path in self._steps():
      if path != new:
        digests.forget(path)  # first: without them it does not count
        self._manager.delete(int(path.name))

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
    number = self._manager.latest_step()
    try:
      saved = self._manager.restore(
        number, args=_orbax().args.StandardRestore(named)
      )
    except Exception as error:  # noqa: BLE001 - Orbax raises many kinds.
      text = ' '.join(str(error).split())[:200]
      raise InputError(
        f'{self._folder / str(number)} cannot be read ({text}); remove this '
        'folder, and the same command trains the cell from its beginning'
      ) from error
    return [np.asarray(saved[name]) for name in named]

  def remove_others(self) -> None:
    """Removes checkpoints of programs of another width, see `run.table`.

    Their records are removed, since the cell begins anew.
    """
    if hosts.is_process_0():
      for path in self._folder.parent.glob('matrix_of_*'):
        if path != self._folder:
          shutil.rmtree(path, ignore_errors=True)

  def discard(self) -> None:
    """Removes all checkpoints, since the cell begins anew."""
    self.close()
    vars(self).pop('_manager', None)
    if hosts.is_process_0():
      shutil.rmtree(self._folder, ignore_errors=True)

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
