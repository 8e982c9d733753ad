"""Prepares and reads TFDS data sets without TensorFlow."""

import contextlib
import hashlib
import os
import pathlib
import sys
import tempfile
from collections.abc import Iterator

import numpy as np
import tensorflow_datasets as tfds

from mtl_jax.data.checking import prepared
from mtl_jax.data.raw import decoded
from mtl_jax.errors import InputError, nearest
from mtl_jax.records import disk


def prepare(builder, manual_dir: str | os.PathLike = ''):
  """Prepares a TFDS data set if necessary, without TensorFlow.

  Several processes may call it at once; one of them prepares the data.

  Args:
    builder: TFDS builder with `file_format='array_record'`.
    manual_dir: folder of the raw files, for builders that read any.

  Returns:
    A builder that reads the prepared data.

  Raises:
    InputError: if the file format is another one, the raw files are missing,
      or the folder cannot be written to.
  """
  if builder.info.file_format is not tfds.core.FileFormat.ARRAY_RECORD:
    raise InputError(
      f'{builder.name}: construct it with file_format="array_record", the one '
      'format that is written correctly without TensorFlow'
    )
  # TFDS renames a finished folder into place, so the file implies all others.
  folder = pathlib.Path(os.fspath(builder.data_path))
  if prepared.needed(folder):
    with prepared.lock(folder):
      # Another process may have finished while this one waited for the lock.
      if prepared.needed(folder):
        _check_raw(builder, manual_dir)  # before anything is removed
        # TFDS does not write into a folder that exists.
        prepared.remove(folder, prepared.problem(folder))
        _generate(builder, manual_dir)
        prepared.write_digests(folder)
  # A builder created before the data were prepared has no splits.
  return tfds.builder_from_directory(builder.data_path)


def arrays(builder, split: str) -> dict[str, np.ndarray]:
  """Reads one TFDS split as arrays.

  The decoded split is cached as an npz file in the folder of the data.

  Args:
    builder: TFDS builder of prepared data.
    split: TFDS split string, slices allowed.

  Returns:
    `{'key' or 'outer/inner': array [N, ...]}`; text is bytes of fixed width.

  Raises:
    InputError: if the split is unknown or empty, or a feature has rows of
      several lengths.
  """
  info = pathlib.Path(os.fspath(builder.data_path)) / 'dataset_info.json'
  identity = hashlib.sha256(info.read_bytes() + split.encode()).hexdigest()
  cache = info.parent / f'decoded-{identity[:16]}.npz'
  return decoded.arrays(cache, lambda: _decode(builder, split))


def _check_raw(builder, manual_dir) -> None:
  folder = pathlib.Path(manual_dir)
  # TFDS raises an AssertionError for an empty folder.
  if manual_dir and not (folder.is_dir() and any(folder.iterdir())):
    raise InputError(
      f'{builder.name}: no raw files in {folder}; '
      f'{builder.MANUAL_DOWNLOAD_INSTRUCTIONS}'
    )


def _generate(builder, manual_dir) -> None:
  tfds.disable_progress_bar()
  config = tfds.download.DownloadConfig(manual_dir=manual_dir or None)
  with (
    disk.writing(builder.data_path),
    contextlib.redirect_stdout(sys.stderr),
    tempfile.TemporaryDirectory() as scratch,
  ):
    builder.download_and_prepare(download_dir=scratch, download_config=config)


def _decode(builder, split: str) -> dict[str, np.ndarray]:
  try:
    source = builder.as_data_source(split)
  except (KeyError, ValueError) as error:
    raise InputError(
      f'{builder.name} has no split {split!r}; '
      + nearest(split, builder.info.splits)
    ) from error
  if not len(source):
    raise InputError(f'{builder.name}: split {split!r} is empty')
  rows = source.__getitems__(range(len(source)))  # one bulk read
  features = builder.info.features
  return {key: _column(rows, key, features) for key in _flat_keys(rows[0])}


def _flat_keys(row: dict, prefix: str = '') -> Iterator[str]:
  """Yields keys of nested features, joined by slashes."""
  for key, value in row.items():
    if isinstance(value, dict):
      yield from _flat_keys(value, f'{prefix}{key}/')
    else:
      yield prefix + key


def _column(rows: list, key: str, feature) -> np.ndarray:
  for part in key.split('/'):
    rows, feature = [row[part] for row in rows], feature[part]
  try:
    values = np.asarray(rows)
  except ValueError:
    raise InputError(f'{key!r} has rows of many lengths; pad them') from None
  return (
    values if values.dtype.kind in 'SU' else values.astype(feature.np_dtype)
  )
