"""A user's table as a data set: called with a seed, it gives a `base.Data`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mtl_jax.data.frames import (
  describe,
  fitting,
  hints,
  pictures,
  plan,
  splitting,
  targets,
  tasks,
  weighing,
)
from mtl_jax.data.frames import recipe as recipes
from mtl_jax.data.frames.plan import Asked
from mtl_jax.errors import InputError

if TYPE_CHECKING:
  from mtl_jax.data.base import Card, Data
  from mtl_jax.tasks import Task


class DataSet:
  """A table whose columns are known; a seed splits and encodes it.

  Args:
    frame: the table, a data frame.
    asked: what the user asks for.
    name: name of the table.
    source: where the rows come from, for the card.
    inputs: arrays `[N, ...]` that are the inputs as they are; None encodes the
      columns of the table.

  Raises:
    InputError: if the table cannot be trained on.
  """

  def __init__(
    self,
    frame: Any,
    asked: Asked,
    name: str = 'table',
    source: str = 'a data frame',
    inputs: Any = None,
  ):
    self.name, self.source, self._inputs = name, source, inputs
    self.frame = _checked(frame)
    make = plan.make if inputs is None else plan.of_labels
    self.plan = make(self.frame, asked)
    if asked.split:  # the same rows for every seed
      rows = splitting.of(self.frame, self.plan, None)
      self._check_training(rows[0], None)

  def __call__(self, split_seed: int | None = None) -> Data:
    """Splits and encodes the table; all that is fitted uses training rows.

    Args:
      split_seed: seed of the split; None is the fixed split.

    Raises:
      InputError: if a task has one class in the training rows, or `base.check`
        refuses the data.
    """
    from mtl_jax.data import base

    rows = splitting.of(self.frame, self.plan, split_seed)
    recipe = recipes.fit(self.plan, self.frame.iloc[rows[0]])
    found, mask = recipe.labels(self.frame)
    self._check_training(rows[0], split_seed)
    table = base.Split(self._encoded(recipe), found, mask, self._weights)
    data = base.cut(
      table, rows, self.tasks, self._card, recipe.names, self._groups
    )
    scales = [s and base.Scale(*s) for s in recipe.scales]
    return data._replace(
      recipe=recipe, scales=tuple(scales) if any(scales) else ()
    )

  @functools.cached_property
  def tasks(self) -> tuple[Task, ...]:
    """The tasks."""
    from mtl_jax.tasks import Task

    return tuple(Task(o.name, o.kind, **_fields(o)) for o in self.plan.outcomes)

  def describe(self) -> list[str]:
    """Returns lines in Markdown: what was inferred, left out, and doubts."""
    return list(self._described)

  @functools.cached_property
  def _described(self) -> list[str]:
    found = hints.of(self.frame, self.plan)
    return describe.lines(self.name, self.frame, self.plan, found)

  @functools.cached_property
  def _pictures(self) -> np.ndarray | None:
    """The pictures of all rows, read once for all seeds."""
    for column in self.plan.columns:
      if column.kind == 'image':
        folder = self.frame.attrs.get(pictures.FOLDER, '')
        size = self.plan.asked.image_size
        series = self.frame[column.name]
        return pictures.read(series, folder, size, self.plan.channels)
    return None

  def _encoded(self, recipe: recipes.Recipe) -> Any:
    if self._inputs is not None:
      return self._inputs
    return recipe.inputs(self.frame, self._pictures)

  @functools.cached_property
  def _weights(self) -> np.ndarray | None:
    """Weights `[N, K]`; 1 for a task without, None if no task has any."""
    return weighing.of(self.frame, self.plan.weights)

  @functools.cached_property
  def _groups(self) -> np.ndarray | None:
    group = self.plan.asked.group
    return pd.factorize(self.frame[group])[0] if group else None

  @property
  def _card(self) -> Card:
    from mtl_jax.data import base

    notes = 'Regression labels are in standard deviations of the training rows.'
    kinds = [outcome.kind for outcome in self.plan.outcomes]
    group = self.plan.asked.group
    return base.Card(
      name=self.name,
      source=self.source,
      licence='not given',
      citation='not given',
      split_rule=describe.rule(self.plan),
      counts={},
      notes=notes if 'regression' in kinds else '',
      units=f'groups of {group}' if group else 'rows',
    )

  def _check_training(self, train: np.ndarray, seed: int | None) -> None:
    """Refuses a task that the training rows teach nothing of."""
    own = self.frame.iloc[train]
    for outcome in self.plan.outcomes:
      found, known = targets.encode(own, outcome)
      event = found[:, 1] if outcome.kind == 'survival' else found
      if len(np.unique(event[known])) < 2:
        raise InputError(
          f'task {outcome.name!r} has {_said(outcome, event[known])} among the '
          f'training rows{"" if seed is None else f" of split_seed={seed}"}; '
          'use more rows or another split, or leave the task out'
        )


def _said(outcome: tasks.Outcome, own: np.ndarray) -> str:
  if not len(own):
    return 'no known label'
  if outcome.classes:
    return f'only class {outcome.classes[own[0]]!r}'
  return f'only the value {own[0]:g}'


def _fields(outcome: tasks.Outcome) -> dict[str, int]:
  """Fields of a task that must not depend on the split."""
  if outcome.kind in ('multiclass', 'ordinal'):
    return {'num_classes': len(outcome.classes)}
  return {}


def _checked(frame: Any) -> pd.DataFrame:
  """Returns the table with plain names, or refuses it."""
  if not isinstance(frame, pd.DataFrame):
    raise InputError(
      f'the table is a {type(frame).__name__}; give a data frame'
    )
  if not len(frame):
    raise InputError('the table has no row')
  plain = fitting.plain(frame)
  for name in plain.columns[plain.columns.duplicated()]:
    raise InputError(f'two columns are called {name!r}; rename one')
  return plain
