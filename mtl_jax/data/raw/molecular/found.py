"""Finds the molecules of QM9 in the form that is there, and keeps them read."""

import hashlib
import os
import pathlib
from collections.abc import Callable

from mtl_jax.data import files
from mtl_jax.data.raw import decoded
from mtl_jax.data.raw.molecular import qm9_files, qm9_tables, xyz
from mtl_jax.errors import InputError

SOURCES = ('auto', 'archive', 'qm9pack', 'tfds')
FOLDER = 'mtl_jax_molecules'  # in the folder of prepared data
VERSION = '1'  # of the form in which molecules are kept


def find(
  folder: pathlib.Path, data_dir: str, source: str, published: bool
) -> xyz.Molecules:
  """Reads the molecules, in seconds to a minute, later from what is kept.

  Args:
    folder: of raw files.
    data_dir: folder of prepared data.
    source: of `SOURCES`; 'auto' is the first of the others that is there.
    published: whether an archive must be the published one.

  Raises:
    InputError: a file is missing, damaged or another one.
  """
  archive, there = folder / qm9_files.ARCHIVE, qm9_tables.paths(folder)
  if source == 'archive' or (source == 'auto' and archive.is_file()):
    used = tuple(folder / name for name in qm9_files.PINNED)
    for path in used:
      qm9_files.need(path)
    form = 'published' if published else 'archive'
    return _kept(
      form, used, data_dir, lambda: qm9_files.read(folder, published)
    )
  if source == 'qm9pack' or (source == 'auto' and there):
    return _kept('qm9pack', there, data_dir, lambda: qm9_tables.read(folder))
  from mtl_jax.data.raw.molecular import qm9_tfds  # imports TFDS

  if source == 'tfds' or qm9_tfds.prepared(data_dir):
    return qm9_tfds.read(data_dir)
  raise InputError(qm9_files.missing(archive))


def _kept(
  form: str,
  used: tuple[pathlib.Path, ...],
  data_dir: str,
  read: Callable[[], xyz.Molecules],
) -> xyz.Molecules:
  """What `read` returns, kept for these files as long as they do not change."""
  name = f'qm9-{form}-{_identity(used)}.npz'
  table = decoded.arrays(
    files.home(data_dir) / FOLDER / name, lambda: _flat(read())
  )
  properties = {name: table.pop(name) for name in xyz.PROPERTIES}
  return xyz.Molecules(**table, properties=properties)


def _flat(found: xyz.Molecules) -> decoded.Arrays:
  table = found._asdict()
  return table | table.pop('properties')


def _identity(used: tuple[pathlib.Path, ...]) -> str:
  """A digest of the names, sizes and times of the files."""
  found = hashlib.sha256(VERSION.encode())
  for path in used:
    state = path.stat()
    found.update(os.fsencode(path.resolve()))
    found.update(f' {state.st_size} {state.st_mtime_ns}\n'.encode())
  return found.hexdigest()[:16]
