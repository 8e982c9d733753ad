"""From rows to arrays, as in training, and from outputs to columns."""

import functools
import importlib
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mtl_jax.data.base import Scale
from mtl_jax.errors import InputError
from mtl_jax.tasks import Task, label_units

# Of the data; pandas and JAX are loaded with it.
RECIPE = 'mtl_jax.data.frames.recipe'


class Encoding(NamedTuple):
  """How one seed reads rows.

  Attributes:
    recipe: a `data.frames.recipe.Recipe`, or None for data without columns.
    scales: one per task, None where its labels are in their own unit.
    like: shapes and dtypes of one row of each array of the inputs.
  """

  recipe: Any
  scales: tuple[Scale | None, ...]
  like: Any

  def inputs(self, rows: Any) -> Any:
    """Encodes rows: a data frame, or arrays as the splits of the data have.

    Raises:
      InputError: rows do not fit the model.
    """
    if isinstance(rows, pd.DataFrame):
      if self.recipe is None:
        raise InputError(
          'this model was trained on arrays and has no recipe for columns; '
          f'give arrays of {_words(self.like)}'
        )
      rows = self.recipe.inputs(rows)
    return _checked(rows, self.like)

  def split_inputs(self, rows: Any) -> Any:
    """As `inputs`; of a `data.Split` its inputs."""
    return self.inputs(getattr(rows, 'inputs', rows))

  def labels(self, rows: Any) -> tuple:
    """Returns labels of each task, and the weight `[N, K]` of each label."""
    if isinstance(rows, pd.DataFrame):
      if self.recipe is None:
        return self.inputs(rows)  # raises
      labels, mask = self.recipe.labels(rows)
      return labels, _weighted(mask, self.recipe.weights(rows))
    if not hasattr(rows, 'mask'):
      raise InputError('rows have no labels; give a data frame or a data.Split')
    return rows.labels, _weighted(rows.mask, getattr(rows, 'weights', None))

  def frame(
    self, tasks: tuple[Task, ...], outputs: list[np.ndarray]
  ) -> pd.DataFrame:
    """Arranges the predictions of all tasks in columns, in their units.

    Maps are no columns, so dense tasks are left out.

    Raises:
      InputError: all tasks are dense.
    """
    if all(task.dense for task in tasks):
      raise InputError(
        'all tasks predict maps, which are no columns of a table; call '
        'model.maps(rows)'
      )
    classes = self.recipe.classes if self.recipe else {}
    parts = {}
    for task, scale, output in zip(tasks, self.scales, outputs, strict=True):
      if task.dense:
        continue
      values = label_units.predicted(task, output, scale)
      names = label_units.columns(task, values.shape[1], classes)
      parts |= dict(zip(names, values.T, strict=True))
    return pd.DataFrame(parts)


def _weighted(mask: Any, weights: Any) -> np.ndarray:
  return np.asarray(mask if weights is None else mask * weights)


def make(data: dict, described: dict) -> Encoding:
  """Makes the encoding of one entry of `data` in a `model.json`."""
  scales = tuple(scale and Scale(**scale) for scale in data['scales'])
  return Encoding(_recipe(_Frozen(data['recipe'])), scales, described['inputs'])


class _Frozen:
  """A recipe as JSON, hashed by identity, so that it is read once."""

  def __init__(self, recipe: dict | None):
    self.recipe = recipe

  def __hash__(self) -> int:
    return id(self.recipe)

  def __eq__(self, other: Any) -> bool:
    return self.recipe is other.recipe


@functools.lru_cache(maxsize=100)
def _recipe(frozen: _Frozen) -> Any:
  if frozen.recipe is None:
    return None
  return importlib.import_module(RECIPE).Recipe.from_json(frozen.recipe)


def _checked(rows: Any, like: Any, where: str = 'rows') -> Any:
  """The rows as arrays of the model's dtypes and shapes."""
  if isinstance(like, dict) and set(like) != {'shape', 'dtype'}:
    if not isinstance(rows, dict) or set(rows) != set(like):
      raise InputError(f'{where}: give a dict of arrays {", ".join(like)}')
    return {
      k: _checked(rows[k], own, f'{where}[{k!r}]') for k, own in like.items()
    }
  if isinstance(like, list):
    return [_checked(x, o, where) for x, o in zip(rows, like, strict=True)]
  try:
    values = np.asarray(rows)
  except ValueError as error:
    raise InputError(f'{where}: not an array; {error}') from error
  if values.ndim == 0 or list(values.shape[1:]) != like['shape']:
    raise InputError(
      f'{where}: shape {values.shape}; the model takes {_words(like)}'
    )
  kind = np.dtype(like['dtype']).kind
  if values.dtype.kind not in {'f': 'fiub', 'b': 'b'}.get(kind, 'iu'):
    raise InputError(f'{where}: dtype {values.dtype}; give {like["dtype"]}')
  values = values.astype(like['dtype'])
  if kind == 'f' and not np.isfinite(values).all():
    row = np.argwhere(~np.isfinite(values))[0][0]
    raise InputError(
      f'{where}: row {row} has a value that is not finite; impute it as in '
      'training, or leave the row out'
    )
  return values


def _words(like: Any) -> str:
  if isinstance(like, dict) and set(like) == {'shape', 'dtype'}:
    return f'{like["dtype"]} [N, {", ".join(map(str, like["shape"]))}]'
  parts = like.items() if isinstance(like, dict) else enumerate(like)
  return ', '.join(f'{name}: {_words(own)}' for name, own in parts)
