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
    # Imported here: most commands that check a name train nothing.
    writer = importlib.import_module('tensorboardX')
    self._writer = writer.SummaryWriter(str(folder / 'tensorboard'))

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
