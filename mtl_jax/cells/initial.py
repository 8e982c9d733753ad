"""Parameters that runs start from, read from a trained model or a file."""

import hashlib
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from mtl_jax.errors import InputError
from mtl_jax.records import bounded, model_files, model_folders

Arrays = Mapping[str, np.ndarray]  # by name, such as shared_encoder/.../kernel
FILES = ('.safetensors', '.npz')


class Initial(NamedTuple):
  """Arrays to start from.

  Attributes:
    path: where they come from.
    digest: of their content, 12 hex digits.
    of_seeds: the arrays of each seed; under None those of all seeds.
    dataset: that they were trained on, '' if it is not known.
    resplit: whether each seed has a split of its own.
  """

  path: str
  digest: str
  of_seeds: dict[int | None, Arrays]
  dataset: str = ''
  resplit: bool = False

  def leaks(self, dataset: str, resplit: bool, seeds: Iterable[int]) -> bool:
    """Whether runs are tested on rows that these arrays were trained on.

    Args:
      dataset: of the runs.
      resplit: whether their seeds have splits of their own.
      seeds: of the runs.
    """
    if dataset != self.dataset:
      return False
    alike = not resplit or {*seeds} <= self.of_seeds.keys()
    return self.resplit != resplit or not alike

  def of(self, seed: int) -> Arrays:
    """The arrays that a seed starts from.

    Raises:
      InputError: there are several seeds, and this one is not among them.
    """
    if len(self.of_seeds) == 1:
      return next(iter(self.of_seeds.values()))
    if seed not in self.of_seeds:
      there = ', '.join(map(str, self.of_seeds))
      raise InputError(
        f'config.init_from={self.path} has seeds {there}, and this trains seed '
        f'{seed}; take the same seeds, or a model of one seed'
      )
    return self.of_seeds[seed]


def read(path: str) -> Initial:
  """Reads a model's folder, or a file of arrays by name.

  Args:
    path: of `config.init_from`.

  Raises:
    InputError: it cannot be read, or is a pickle, which is never loaded.
  """
  where = pathlib.Path(path)
  if where.is_dir():
    return _of_model(where)
  if not where.exists():
    raise InputError(f'config.init_from={path}: no such file or folder')
  if where.suffix not in FILES or model_folders.is_pickle(where):
    raise InputError(
      f'config.init_from={path} is {model_folders.what_file(where)}; give the '
      f'folder of a model, or arrays by name in a {" or ".join(FILES)} file'
    )
  try:
    arrays = _of_file(where)
  except Exception as error:  # noqa: BLE001 - each format raises its own.
    text = ' '.join(str(error).split())[:200]
    raise InputError(
      f'config.init_from={path} cannot be read: {text}'
    ) from error
  return Initial(path, _digest({None: arrays}), {None: arrays})


def _of_file(path: pathlib.Path) -> dict[str, np.ndarray]:
  if path.suffix == '.npz':
    return bounded.read_npz(path)
  from safetensors.numpy import load_file

  return load_file(path)


def _of_model(folder: pathlib.Path) -> Initial:
  described = model_folders.describe(folder)
  if described['per_task']:
    raise InputError(
      f'config.init_from={folder} has parameters for each task '
      "(config.checkpoint_per='task'); train it with checkpoint_per='model'"
    )
  arrays = model_files.read_arrays(folder, described)
  of_seeds = {
    own['seed']: {name: x[i] for name, x in arrays.items()}
    for i, own in enumerate(described['seeds'])
  }
  trained_on = described['dataset'], described['config']['resplit']
  return Initial(str(folder), _digest(of_seeds), of_seeds, *trained_on)


def _digest(of_seeds: Mapping[int | None, Arrays]) -> str:
  digest = hashlib.sha256()
  for seed, arrays in of_seeds.items():
    for name in sorted(arrays):
      x = np.ascontiguousarray(arrays[name])
      digest.update(f'{seed} {name} {x.dtype} {x.shape}'.encode())
      digest.update(x)
  return digest.hexdigest()[:12]


class Fitted(NamedTuple):
  """Which arrays start which parameters.

  Attributes:
    values: new values by our names.
    repeated: our names whose value is repeated for each tower.
    other_shape: by our name, both shapes, which do not agree.
    unused: their names that start nothing.
    drawn: our names that are left as they were drawn.
  """

  values: dict[str, np.ndarray]
  repeated: tuple[str, ...]
  other_shape: dict[str, tuple]
  unused: tuple[str, ...]
  drawn: tuple[str, ...]


def fit(theirs: Arrays, ours: Mapping[str, Any], prefixes: tuple) -> Fitted:
  """Assigns arrays to parameters by name and shape.

  Args:
    theirs: the arrays.
    ours: parameters and further collections, or their shapes, by name.
    prefixes: pairs (theirs, ours) of prefixes of names, see `renamed`.
  """
  pairs = [
    (name, new)
    for name in theirs
    for new in renamed(name, prefixes)
    if new in ours
  ]
  values, repeated, wrong = {}, [], {}
  for name, new in pairs:
    array, shape = np.asarray(theirs[name]), tuple(ours[new].shape)
    if array.shape != shape and shape[1:] == array.shape:
      array = np.broadcast_to(array, shape)
      repeated.append(new)
    if array.shape != shape:
      wrong[new] = (tuple(array.shape), shape)
      continue
    values[new] = array.astype(ours[new].dtype)
  used = {name for name, new in pairs if new in values}
  return Fitted(
    values,
    tuple(n for n in repeated if n in values),
    wrong,
    tuple(name for name in theirs if name not in used),
    tuple(name for name in ours if name not in values),
  )


def renamed(name: str, prefixes: tuple) -> list[str]:
  """Our names of one of their arrays.

  Args:
    name: theirs.
    prefixes: pairs (theirs, ours). Every pair whose first is a prefix of the
      name gives a new one; a name that no pair matches has none. Without pairs
      the name stays as it is.
  """
  if not prefixes:
    return [name]
  return [
    new + name.removeprefix(old)
    for old, new in prefixes
    if name.startswith(old)
  ]
