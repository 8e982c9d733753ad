"""Claim (b): one shared model takes less training."""

from __future__ import annotations

from experiments.claims import whole
from experiments.claims.asked import Asked
from mtl_jax.report.claims.claimed import Answer
from mtl_jax.report.claims.times import training_time


def answer(asked: Asked) -> Answer | None:
  """Trains the schemes with all labels, and holds them against `single`.

  Args:
    asked: the data set, the schemes and how large.

  Returns:
    The answer; None on processes other than 0.

  Raises:
    InputError: something cannot be trained.
  """
  cells = whole.cells(asked)
  if cells is None:
    return None
  return training_time.answer(cells)
