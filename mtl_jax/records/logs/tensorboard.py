"""Event files for TensorBoard: `tensorboard --logdir out/mine/cells`."""

import importlib
import importlib.util
import pathlib
from typing import Any

from mtl_jax.errors import InputError


class TensorBoard:
  """Writes a scalar per name into `<cell>/tensorboard`, by tensorboardX."""

  def start(self, config: dict[str, Any], folder: pathlib.Path) -> None:
    """Begins an event file beside those of earlier processes."""
    del config
    folder = folder / 'tensorboard'
    earlier = len(list(folder.iterdir())) if folder.is_dir() else 0
    # Imported here: most commands that check a name train nothing.
    self._writer = importlib.import_module('tensorboardX').SummaryWriter(
      str(folder),
      # A file is named by the second, and two of one name are overwritten.
      filename_suffix=f'.{earlier}',
    )

  def log(self, step: int, values: dict[str, float]) -> None:
    """Writes the scalars to the disk."""
    for name, value in values.items():
      self._writer.add_scalar(name, value, step)
    # A process that is killed must have written what the records have.
    self._writer.flush()

  def close(self) -> None:
    """Closes the event file."""
    self._writer.close()


def make() -> TensorBoard:
  """Returns the log.

  Raises:
    InputError: tensorboardX is not installed.
  """
  if importlib.util.find_spec('tensorboardX') is None:
    raise InputError(
      'config.log=tensorboard needs tensorboardX: pip install tensorboardX, or '
      'install this package with its extra, pip install ".[log]"; or set '
      "config.log=''"
    )
  return TensorBoard()
