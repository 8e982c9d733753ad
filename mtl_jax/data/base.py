"""What a data set is: three splits, their tasks, and a card."""

from typing import Any, NamedTuple

import numpy as np

from mtl_jax.tasks import Task


class Split(NamedTuple):
  """Rows of one split.

  Attributes:
    inputs: array `[N, ...]`, or a pytree of them.
    labels: K arrays `[N]`; what stands at a missing label is finite.
    mask: bool `[N, K]`, True where the label is known.
  """

  inputs: Any
  labels: tuple[np.ndarray, ...]
  mask: np.ndarray


class Card(NamedTuple):
  """Where the data come from and how they were cut."""

  name: str
  source: str
  licence: str
  citation: str
  split_rule: str
  counts: dict[str, int]
  notes: str = ''


class Data(NamedTuple):
  """A data set, ready to train on."""

  train: Split
  valid: Split
  test: Split
  tasks: tuple[Task, ...]
  card: Card
