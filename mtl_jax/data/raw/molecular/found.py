"""Finds the molecules of QM9 in the form that is there, and caches them."""

import hashlib
import os
import pathlib
from collections.abc import Callable

from mtl_jax.data import files
from mtl_jax.data.raw import decoded, pinned
from mtl_jax.data.raw.molecular import qm9_files, qm9_tables, xyz
from mtl_jax.errors import InputError

SOURCES = ('auto', 'archive', 'qm9pack', 'tfds')
FOLDER = 'mtl_jax_molecules'  # in the folder of prepared data
VERSION = '1'  # of the form in which molecules are cached


def find(
  folder: pathlib.Path, data_dir: str, source: str, published: bool
) -> xyz.Molecules:
  """Reads the molecules, in seconds to a minute, later from the cache.

  Args:
    folder: of raw files.
    data_dir: folder of prepared data.
    source: of `SOURCES`; 'auto' is the first of the others that is there.
    published: whether an archive must be the published one.

  Raises:
    InputError: a file is missing, damaged or another one.
  """
  used = tuple(folder / name for name in qm9_files.PINNED)
  whole = all(path.is_file() for path in used)
  if source == 'archive' or (source == 'auto' and whole):
    return _archive(folder, used, data_dir, published)
  if source == 'qm9pack' or (source == 'auto' and qm9_tables.there(folder)):
    return _tables(folder, data_dir)
  from mtl_jax.data.raw.molecular import qm9_tfds  # imports TFDS

  if source == 'tfds' or qm9_tfds.prepared(data_dir):
    return qm9_tfds.read(data_dir)
  lacking = next(path for path in used if not path.is_file())
  raise InputError(qm9_files.missing(lacking))


def _archive(
  folder: pathlib.Path,
  used: tuple[pathlib.Path, ...],
  data_dir: str,
  published: bool,
) -> xyz.Molecules:
  """Those of the published archive, or of another one of its form."""
  for path in used:
    qm9_files.need(path)
  # What is not the published archive must not be taken for it later.
  words = ['published' if published else 'other']
  for path in used:
    state = path.stat()
    words += [str(path.resolve()), str(state.st_size), str(state.st_mtime_ns)]
  return _cached(words, data_dir, lambda: qm9_files.read(folder, published))


def _tables(folder: pathlib.Path, data_dir: str) -> xyz.Molecules:
  """Those of the distribution, whose files are always the same."""
  if not qm9_tables.there(folder):
    return qm9_tables.read(folder)  # says what is missing
  words = [source.member_sha256 for source in pinned.parts(qm9_tables.NAME)]
  return _cached(words, data_dir, lambda: qm9_tables.read(folder))


def _cached(
  words: list[str], data_dir: str, read: Callable[[], xyz.Molecules]
) -> xyz.Molecules:
  """What `read` returns, cached under the words that tell its files."""
  text = '\n'.join([VERSION, *words])
  identity = hashlib.sha256(os.fsencode(text)).hexdigest()[:16]
  table = decoded.arrays(
    files.home(data_dir) / FOLDER / f'qm9-{identity}.npz',
    lambda: _flat(read()),
  )
  properties = {key: table.pop(key) for key in xyz.PROPERTIES}
  return xyz.Molecules(**table, properties=properties)


def _flat(molecules: xyz.Molecules) -> decoded.Arrays:
  table = molecules._asdict()
  return table | table.pop('properties')
