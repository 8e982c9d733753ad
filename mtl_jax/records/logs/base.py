"""What every log of learning curves must be able to do."""

import pathlib
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Log(Protocol):
  """Takes the numbers of a cell while it is trained.

  A log has no effect on any result: where `log` or `close` fails, the training
  goes on without it.
  """

  def start(self, config: dict[str, Any], folder: pathlib.Path) -> None:
    """Begins, or goes on where an earlier process has stopped.

    Args:
      config: the configuration of the cell, with nested dicts for its sections.
      folder: of the cell, for files of the log.
    """

  def log(self, step: int, values: dict[str, float]) -> None:
    """Takes the numbers of an evaluation.

    Args:
      step: training steps that a run has taken. Where the runs of a cell are
        trained in turns, the steps of the next ones begin at the first again.
      values: finite numbers by name, such as `valid/cd496/auroc`.
    """

  def close(self) -> None:
    """Ends; the cell is trained, or was stopped and may go on later."""
