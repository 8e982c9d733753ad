"""A data set per task: files whose rows have the labels of some tasks only.

  python -m experiments.compare --config=configs/table.py \\
    --config.dataset=several --config.datasets.several.tables="\\
    (('a.csv', ('x:binary',)), ('b.csv', ('y:regression', 'z:count')))" \\
    --workdir=out/several

Input columns of one name are one input; a column that a file lacks is missing
in its rows. `config.sampling` says how many rows of each file a batch has.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mtl_jax.data.frames import joining, reading
from mtl_jax.errors import InputError

if TYPE_CHECKING:
  from mtl_jax.data.base import Data

Tables = Sequence[tuple[str, Sequence[str]]]


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  tables: Tables = (),
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
  """Loads several tables.

  Args:
    split_seed: seed of the split; None is the fixed split.
    data_dir: not used.
    files: not used.
    tables: pairs of a file and its tasks, as in `mtl_jax.data.frame`. A task
      may be in several files; a column that is a task of another file only is
      left out. Pictures lie in the folder of the first.
    inputs: this and the following are as in `mtl_jax.data.frame`, of all
      columns of all files. Rows of a file without a column of weights have 1.
    weights: column of the weights of rows, or 'x=w,y=w2'.
    split: column of your own split.
    group: column of groups that no split may cut, in no file.
    drop: columns that are no inputs.
    kinds: kinds of columns, as in 'zip:category'.
    categories: 'auto', 'onehot' or 'embed'.
    impute: 'median' or 'mean'.
    parts: sizes of train, valid and test.
    max_len: words of text.
    vocab_size: size of the vocabulary of text.
    image_size: height and width of pictures.

  Returns:
    The data set; its `sources` are the tables.

  Raises:
    InputError: if a table cannot be read or trained on.
  """
  fields = {
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
  return read(tables, fields)(split_seed)


def read(tables: Any, fields: dict[str, Any]) -> joining.Several:
  """Reads tables, or returns what was read last from these files.

  Args:
    tables: as in `load`.
    fields: further fields of `load`.

  Raises:
    InputError: as in `load`.
  """
  tables = _checked(tables)
  stamps = tuple(
    (file.stat().st_mtime_ns, file.stat().st_size)
    for path, _ in tables
    for file in reading.files(path)
  )
  frozen = {k: _frozen(v) for k, v in fields.items() if k != 'labels'}
  return _read(tables, stamps, **frozen)


def _frozen(value: Any) -> Any:
  return tuple(value) if isinstance(value, list | tuple) else value


def _checked(tables: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
  """Raises `InputError` unless these are pairs of a file and task words."""
  pairs = isinstance(tables, list | tuple) and all(
    isinstance(p, list | tuple) and len(p) == 2 and isinstance(p[0], str)
    for p in tables
  )
  if not pairs or not tables:
    raise InputError(
      f'config.datasets.several.tables is {tables!r}; give pairs of a file and '
      "its tasks, such as (('a.csv', ('x:binary',)), ('b.csv', ('y:count',)))"
    )
  return tuple(
    (path, (own,) if isinstance(own, str) else tuple(own))
    for path, own in tables
  )


@functools.lru_cache(maxsize=1)
def _read(tables: tuple, stamps: tuple, **fields: Any) -> joining.Several:
  # The stamps are in the key, so that a file that has changed is read again.
  del stamps
  found = [(reading.read(path), own) for path, own in tables]
  return joining.frames(found, names=[path for path, _ in tables], **fields)
