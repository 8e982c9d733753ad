"""The page of claims: claims.md, claims.csv, claims.json and figures."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

from mtl_jax.report.claims.claimed import Answer


def write(
  answers: Sequence[Answer], folder: pathlib.Path, config: Any, command: str
) -> None:
  """Writes claims.md, claims.csv, claims.json and figures/claim_NAME.png.

  Args:
    answers: found so far, in the order of `CLAIMS`.
    folder: the workdir.
    config: of the data set.
    command: as it was typed.
  """


def show(answers: Sequence[Answer], folder: pathlib.Path) -> None:
  """Prints the answers and the names of the files.

  Args:
    answers: in the order of `CLAIMS`.
    folder: the workdir.
  """
