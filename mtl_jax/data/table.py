"""A user's table from a file: CSV, TSV, Parquet, Feather, or several of them.

  python -m experiments.compare --config=configs/table.py \\
    --config.datasets.table.path=patients.csv \\
    --config.datasets.table.tasks="('outcome:binary', 'score:regression')" \\
    --workdir=out/patients

The fields are those of `mtl_jax.data.frame`, which describes them.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mtl_jax.data.frames import dataset, making, reading

if TYPE_CHECKING:
  from mtl_jax.data.base import Data


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  path: str = '',
  tasks: Sequence[str] = (),
  inputs: Sequence[str] = (),
  weights: str = '',
  split: str = '',
  group: str = '',
  drop: Sequence[str] = (),
  kinds: Sequence[str] = (),
  categories: str = 'auto',
  impute: str = 'median',
  parts: tuple[int, ...] = (3, 1, 1),
  max_len: int = 40,
  vocab_size: int = 10_000,
  image_size: int = 32,
) -> Data:
  """Loads a table from a file.

  Args:
    split_seed: seed of the split; None is the fixed split.
    data_dir: not used.
    files: not used.
    path: the file, or a pattern of several: 'parts/*.csv'.
    tasks: this and the following are as in `mtl_jax.data.frame`.
    inputs: input columns; () is all others.
    weights: column of the weights of rows, or 'outcome=w,score=w2'.
    split: column of your own split.
    group: column of groups that no split may cut.
    drop: columns that are no inputs.
    kinds: kinds of columns, as in 'zip:category'.
    categories: 'auto', 'onehot' or 'embed'.
    impute: 'median' or 'mean'.
    parts: sizes of train, valid and test.
    max_len: words of text.
    vocab_size: size of the vocabulary of text.
    image_size: height and width of pictures.

  Raises:
    InputError: if the table cannot be read or trained on.
  """
  fields = {
    'tasks': tasks,
    'inputs': inputs,
    'weights': weights,
    'split': split,
    'group': group,
    'drop': drop,
    'kinds': kinds,
    'categories': categories,
    'impute': impute,
    'parts': parts,
    'max_len': max_len,
    'vocab_size': vocab_size,
    'image_size': image_size,
  }
  return read(path, fields)(split_seed)


def read(path: str, fields: dict[str, Any]) -> dataset.DataSet:
  """Reads a table, or returns the one that was read last from these files.

  Every seed asks for it, and the command asks before JAX is imported.

  Args:
    path: as in `load`.
    fields: fields of `mtl_jax.data.frame`.

  Raises:
    InputError: as in `load`.
  """
  found = reading.files(path)
  stamps = tuple((f.stat().st_mtime_ns, f.stat().st_size) for f in found)
  frozen = {k: _frozen(v) for k, v in fields.items() if k != 'labels'}
  return _read(path, stamps, **frozen)


def _frozen(value: Any) -> Any:
  return tuple(value) if isinstance(value, list | tuple) else value


@functools.lru_cache(maxsize=1)
def _read(path: str, stamps: tuple, **fields: Any) -> dataset.DataSet:
  # The stamps are in the key, so that a file that has changed is read again.
  del stamps
  return making.frame(reading.read(path), source=path, **fields)
