"""A trained model: every seed of one scheme, applied to new rows."""

import dataclasses
import functools
import os
import pathlib
from typing import Any

import numpy as np
import pandas as pd
from ml_collections import ConfigDict

from mtl_jax.errors import InputError
from mtl_jax.models import applying, averages, exporting, folders, new_rows
from mtl_jax.models.applying import Network
from mtl_jax.models.new_rows import Encoding
from mtl_jax.records import model_files
from mtl_jax.records.model_files import Stored
from mtl_jax.tasks import Task, label_units


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Model:
  """A trained scheme with one network per seed, whose predictions are averaged.

  Each seed has its own training rows where seeds have resplits, and so its own
  encoding of new rows.

  Attributes:
    stored: what its folder holds.
  """

  stored: Stored

  def __repr__(self) -> str:
    tasks = ', '.join(f'{task.name} ({task.kind})' for task in self.tasks)
    scheme, seeds = self.described['scheme'], len(self.seeds)
    return f'Model({scheme}, {seeds} seed{"s" * (seeds > 1)}: {tasks})'

  @classmethod
  def load(cls, folder: str | os.PathLike) -> 'Model':
    """See `load`."""
    return cls(folders.read(pathlib.Path(folder)))

  @property
  def described(self) -> dict[str, Any]:
    """The content of `model.json`, see docs/models.md."""
    return self.stored.described

  @property
  def seeds(self) -> tuple[int, ...]:
    """The seeds that have a network; those that failed are left out."""
    return tuple(own['seed'] for own in self.described['seeds'])

  @functools.cached_property
  def config(self) -> ConfigDict:
    """The config that the model was trained with."""
    return applying.config_of(self.described)

  @functools.cached_property
  def tasks(self) -> tuple[Task, ...]:
    """The tasks, with the fields that were inferred from labels."""
    return tuple(
      Task(own['name'], own['kind'], **own['fields'])
      for own in self.described['tasks']
    )

  def predict(self, rows: Any, seed: int | None = None) -> pd.DataFrame:
    """Predicts every task of new rows, each in the unit of its labels.

    Args:
      rows: a data frame with the input columns of the training table; or, for a
        model of images, words or arrays, a pytree of arrays `[N, ...]` as the
        splits of its data have.
      seed: whose network predicts; None is the mean over all seeds.

    Returns:
      One row per row. A task has one column of its name, or `task=class` with
      the probability of each class (of class 1 if there are two); survival has
      a risk: the expected number of intervals that are not survived. Means over
      several seeds have `<column>_sd` beside them, the standard deviation over
      seeds.

    Raises:
      InputError: columns are missing, or rows cannot be encoded.
    """
    index = rows.index if isinstance(rows, pd.DataFrame) else None
    seeds = self.seeds if seed is None else (self._checked(seed),)
    frames = [self._frame(rows, own) for own in seeds]
    return averages.averaged(frames, index)

  def maps(self, rows: Any, seed: int | None = None) -> dict[str, np.ndarray]:
    """Predicts the maps of the dense tasks.

    Args:
      rows: pictures `[N, H, W, C]`, or what else the splits of its data have.
      seed: whose network predicts; None is the first seed, since maps of
        classes have no mean.

    Returns:
      By task, a map of labels: classes or depths `[N, H, W]`, unit vectors
      `[N, H, W, 3]`.

    Raises:
      InputError: no task predicts maps, or there is no such seed.
    """
    if not any(task.dense for task in self.tasks):
      raise InputError('no task of this model predicts maps; call predict')
    seed = self.seeds[0] if seed is None else self._checked(seed)
    outputs = self._outputs(self._encoding(seed).inputs(rows), seed)
    scales = self._encoding(seed).scales
    return {
      task.name: label_units.predicted(task, output, scale)
      for task, scale, output in zip(self.tasks, scales, outputs, strict=True)
      if task.dense
    }

  def evaluate(self, rows: Any, seed: int | None = None) -> pd.DataFrame:
    """Measures predictions on rows with labels.

    Args:
      rows: a data frame with inputs, labels and the columns of weights of the
        training table, or a `data.Split`. Missing labels are left out.
      seed: whose network is measured; None is all of them.

    Returns:
      One row per task and metric: `task`, `metric`, its `mean` over seeds and,
      with several of them, the standard deviation `sd`. Errors of regressions
      are in the unit of the label.
    """
    seeds = self.seeds if seed is None else (self._checked(seed),)
    found = []
    for own in seeds:
      encoded = self._encoding(own)
      labels = encoded.labels(rows)
      outputs = self._outputs(encoded.split_inputs(rows), own)
      found.append(averages.of_seed(self.tasks, encoded, outputs, labels))
    return averages.table(found)

  def features(self, rows: Any, seed: int | None = None) -> Any:
    """Returns what the heads of the tasks read.

    Args:
      rows: as for `predict`.
      seed: whose network; None is the first seed, since features of different
        networks have nothing to do with each other.

    Returns:
      By task, an array `[N, features]`, of maps and sequences the means over
      positions; one array where all tasks read the same.
    """
    seed = self.seeds[0] if seed is None else self._checked(seed)
    inputs = self._encoding(seed).inputs(rows)
    own = self._network.features(*self._weights(seed), inputs)
    if all(np.array_equal(own[0], other) for other in own[1:]):
      return own[0]
    return {t.name: x for t, x in zip(self.tasks, own, strict=True)}

  def save(self, folder: str | os.PathLike) -> None:
    """Writes the model into a new folder, which `load` reads.

    Raises:
      InputError: the folder holds something else.
    """
    folder = pathlib.Path(folder)
    model = (folder / model_files.MODEL).exists()
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) > model):
      raise InputError(
        f'{folder} holds other files; name a new or empty folder'
      )
    if (folder / 'records.jsonl').exists():
      raise InputError(f'{folder} is the folder of a cell; name a new folder')
    model_files.write(folder, self.stored)

  def to_safetensors(
    self, path: str | os.PathLike, seed: int | None = None
  ) -> None:
    """Writes the parameters of one seed as a safetensors file.

    Args:
      path: of the file.
      seed: whose network; None is the first seed.
    """
    seed = self.seeds[0] if seed is None else self._checked(seed)
    exporting.write(pathlib.Path(path), self.stored, self.seeds.index(seed))

  def _frame(self, rows: Any, seed: int) -> pd.DataFrame:
    encoded = self._encoding(seed)
    outputs = self._outputs(encoded.inputs(rows), seed)
    return encoded.frame(self.tasks, outputs)

  def _outputs(self, inputs: Any, seed: int) -> list[np.ndarray]:
    return self._network.outputs(*self._weights(seed), inputs)

  def _checked(self, seed: int) -> int:
    if seed not in self.seeds:
      raise InputError(f'no seed {seed!r}; the model has {self.seeds}')
    return seed

  @functools.cached_property
  def _network(self) -> Network:
    return Network(self.config, self.tasks, self.described)

  def _weights(self, seed: int) -> tuple[dict, int]:
    """The variables of a seed's network, and the steps of its training."""
    number = self.seeds.index(seed)
    own = {name: x[number] for name, x in self.stored.arrays.items()}
    steps = self.described['seeds'][number]['steps']
    return exporting.variables(own, self.described), steps

  def _encoding(self, seed: int) -> Encoding:
    number = self.described['seeds'][self.seeds.index(seed)]['data']
    return new_rows.make(self.described['data'][number], self.described)


def load(folder: str | os.PathLike) -> Model:
  """Loads a model.

  Args:
    folder: of a finished cell, or one that `Model.save` wrote.

  Raises:
    InputError: it is no model, or one of another format.
  """
  return Model.load(folder)
