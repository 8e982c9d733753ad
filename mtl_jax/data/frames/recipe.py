"""Encodes rows of a table as in training, as fitted on training rows alone."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mtl_jax.data.frames import fitting, stored, targets, weighing
from mtl_jax.data.frames.encoding import Fitted
from mtl_jax.data.frames.kinds import Column
from mtl_jax.data.frames.plan import Plan
from mtl_jax.data.frames.tasks import Outcome


class Recipe(NamedTuple):
  """Encodes rows of a table.

  Attributes:
    inputs_of: input columns, in the order in which they are encoded; () if
      inputs are arrays, which are used as they are.
    fitted: by column, what was fitted on the training rows.
    outcomes: the tasks.
    scales: of each task mean, standard deviation and unit of its training
      labels; None for a task whose labels are in their own unit.
    vocabulary: words of text, the most frequent of the training rows first.
    max_len: number of words to which text is cut or padded.
    image_size: height and width of pictures, in pixels.
    channels: channels of pictures, 0 without any.
    weighed_by: column of the weights of each task, '' if it has none; () if no
      task has any.
  """

  inputs_of: tuple[Column, ...]
  fitted: dict[str, Fitted]
  outcomes: tuple[Outcome, ...]
  scales: tuple[tuple[float, float, str] | None, ...]
  vocabulary: tuple[str, ...] = ()
  max_len: int = 0
  image_size: int = 0
  channels: int = 0
  weighed_by: tuple[str, ...] = ()

  @property
  def columns(self) -> tuple[str, ...]:
    """Names of the input columns that new rows must have."""
    return tuple(column.name for column in self.inputs_of)

  @property
  def classes(self) -> dict[str, list[str]]:
    """Names of the classes of the tasks that have classes."""
    return {o.name: list(o.classes) for o in self.outcomes if o.classes}

  @property
  def names(self) -> tuple[str, ...]:
    """Names of the columns of the numbers."""
    return fitting.names(self.inputs_of)

  @property
  def sizes(self) -> tuple[int, ...]:
    """Number of categories of each embedded column, with 0."""
    embedded = [c for c in self.inputs_of if c.kind == 'embedded']
    return tuple(len(column.levels) + 1 for column in embedded)

  def inputs(self, frame: Any, pictures: np.ndarray | None = None) -> Any:
    """Encodes the inputs of rows.

    Args:
      frame: a data frame with the columns `columns`, in any order; others are
        ignored. Relative paths of pictures begin from `frame.attrs['folder']`.
        If the recipe has no columns, arrays, which are returned.
      pictures: the pictures of these rows, if they have been read.

    Returns:
      Float32 `[N, F]` if there are only numbers and one-hot categories; else a
      dict with any of 'numbers' float32 `[N, F]`, 'categories' int32 `[N, C]`,
      'text' int32 `[N, L]`, 'image' uint8 `[N, H, W, C]`.

    Raises:
      InputError: if a column is missing or a value has another type; it names
        column and row.
    """
    return fitting.encode(self, frame, pictures) if self.columns else frame

  def labels(self, frame: pd.DataFrame) -> tuple[tuple, np.ndarray]:
    """Encodes the labels of rows.

    Args:
      frame: a data frame with the columns of the tasks.

    Returns:
      K arrays `[N]`, `[N, 2]` for survival, those of regressions standardised;
      and a bool mask `[N, K]` of known labels.

    Raises:
      InputError: if a column is missing or a label is not valid.
    """
    frame = fitting.plain(frame)
    for outcome in self.outcomes:
      fitting.check_columns(frame, outcome.columns, f'task {outcome.name!r}')
    pairs = [targets.encode(frame, outcome) for outcome in self.outcomes]
    found = [
      fitting.scaled(*pair, scale)
      for pair, scale in zip(pairs, self.scales, strict=True)
    ]
    return tuple(found), np.stack([known for _, known in pairs], axis=1)

  def weights(self, frame: pd.DataFrame) -> np.ndarray | None:
    """Returns weights `[N, K]` of the labels of rows, None for all 1.

    Raises:
      InputError: if a column of weights is missing or a weight is not valid.
    """
    frame = fitting.plain(frame)
    weighing.check(frame, self.weighed_by)
    return weighing.of(frame, self.weighed_by)

  def to_json(self) -> dict[str, Any]:
    """Returns plain JSON values, of which `from_json` makes an equal recipe."""
    return stored.to_json(self)

  @classmethod
  def from_json(cls, values: dict[str, Any]) -> 'Recipe':
    """Returns the recipe that `to_json` wrote.

    Raises:
      InputError: if the values have another format.
    """
    return cls(**stored.from_json(values))


def fit(plan: Plan, frame: pd.DataFrame) -> Recipe:
  """Fits a recipe.

  Args:
    plan: what is done with the columns.
    frame: the training rows.
  """
  asked = plan.asked
  fitted, vocabulary = fitting.fit(plan, frame)
  scales = tuple(fitting.scale(frame, outcome) for outcome in plan.outcomes)
  return Recipe(
    plan.columns,
    fitted,
    plan.outcomes,
    scales,
    vocabulary,
    asked.max_len,
    asked.image_size,
    plan.channels,
    plan.weights if any(plan.weights) else (),
  )
