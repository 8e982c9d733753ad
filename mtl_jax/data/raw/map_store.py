"""Pictures and maps, prepared once as .npy files that are memory-mapped.

A data set becomes one array per map, `[N, H, W, ...]`, in the folder of
prepared data, with digests. Nothing but the pages that are read is in memory,
and several processes share them. What is damaged is made anew.
"""

import contextlib
import errno
import functools
import hashlib
import os
import pathlib
import shutil
import sys
from collections.abc import Iterator
from typing import IO

import numpy as np

from mtl_jax.data.checking import prepared
from mtl_jax.data.raw import pixel_maps
from mtl_jax.data.raw.map_folders import Pictures
from mtl_jax.errors import InputError
from mtl_jax.records import digests, disk

FOLDER = 'mtl_jax_maps'  # in the folder of prepared data
KNOWN = 'known'  # name of the mask `[N, K]`
VERSION = '1'  # of the form in which maps are stored

Arrays = dict[str, np.ndarray]


def arrays(home: pathlib.Path, name: str, pictures: Pictures) -> Arrays:
  """Returns all pictures and maps, and `known`, memory-mapped.

  Args:
    home: folder of prepared data.
    name: of the data set and of how it is read; a part of the folder's name.
    pictures: what is read where nothing is prepared, or other files were.

  Returns:
    By name of a map, a read-only array `[N, H, W, ...]`, training pictures
    first; `known` is bool `[N, K]`: whether a picture has a label of each map
    but the image. Where the folder cannot be written to, all is in memory.

  Raises:
    InputError: a file is missing or damaged, or pictures differ in size.
  """
  folder = home / FOLDER / f'{name}-{_identity(pictures)}'
  try:
    if _problem(folder) is not None:
      _check_writable(folder)
      with prepared.lock(folder):
        # Another process may have finished while this one waited.
        if (problem := _problem(folder)) is not None:
          prepared.remove(folder, problem)
          _write(folder, pictures)
    return {
      path.stem: np.asarray(np.load(path, mmap_mode='r', allow_pickle=False))
      for path in sorted(folder.glob('*.npy'))
    }
  except disk.WriteError as error:
    print(f'{name} is not stored, and is in memory: {error}', file=sys.stderr)
    return _in_memory(pictures)


def _identity(pictures: Pictures) -> str:
  """A digest of the names, sizes and times of the files."""
  found = hashlib.sha256(VERSION.encode())
  for path in pictures.files:
    state = path.stat()
    found.update(f'{path} {state.st_size} {state.st_mtime_ns}\n'.encode())
  return found.hexdigest()[:16]


def _problem(folder: pathlib.Path) -> str | None:
  """What is wrong, in words: '' if nothing is prepared, None if all is well."""
  written = digests.beside(folder)
  if not written.exists():
    return ''  # the digests are written last
  return _damage(folder, written.stat().st_mtime_ns)


@functools.cache  # Once per process, since data may be large.
def _damage(folder: pathlib.Path, _: int) -> str | None:
  found = next(digests.problems(folder), None)
  return f'{found.path} is damaged ({found.what})' if found else None


def _check_writable(folder: pathlib.Path) -> None:
  with disk.writing(folder):
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(folder.parent, os.W_OK):
      raise PermissionError(errno.EACCES, 'not writable', str(folder.parent))


def _write(folder: pathlib.Path, pictures: Pictures) -> None:
  part = folder.with_name(f'.{folder.name}.part')
  with disk.writing(folder):
    shutil.rmtree(part, ignore_errors=True)
    digests.forget(folder)
    try:
      part.mkdir(parents=True)
      _fill(part, pictures)
      os.replace(part, folder)
      digests.write_beside(folder)
    finally:
      shutil.rmtree(part, ignore_errors=True)


def _fill(folder: pathlib.Path, pictures: Pictures) -> None:
  count, known = sum(pictures.counts), []
  # Written as a stream: a mapped file on a full disk would end the process.
  with contextlib.ExitStack() as opened:
    files: dict[str, IO[bytes]] = {}
    for found in _rows(pictures):
      for name, values in found.items():
        if name not in files:
          file = (folder / f'{name}.npy').open('wb')
          files[name] = opened.enter_context(file)
          _header(file, (count, *values.shape), values.dtype)
        files[name].write(np.ascontiguousarray(values).data)
      known.append(_known(found))
  np.save(folder / f'{KNOWN}.npy', np.array(known))


def _header(file: IO[bytes], shape: tuple, dtype: np.dtype) -> None:
  np.lib.format.write_array_header_1_0(
    file,
    {
      'descr': np.lib.format.dtype_to_descr(dtype),
      'fortran_order': False,
      'shape': shape,
    },
  )


def _in_memory(pictures: Pictures) -> Arrays:
  rows = [*_rows(pictures)]
  found = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
  return found | {KNOWN: np.array([_known(row) for row in rows])}


def _rows(pictures: Pictures) -> Iterator[Arrays]:
  """Yields the maps of each picture, all of one size."""
  size = None
  for number in range(sum(pictures.counts)):
    found = pictures.read(number)
    size = size or found['image'].shape[:2]
    for name, values in found.items():
      if values.shape[:2] != size:
        raise InputError(
          f'{pictures.where(number)}: its {name} is {_by(values.shape)} pixels '
          f'and the first picture has {_by(size)}; all pictures and maps must '
          'have one size, so resize them first'
        )
    yield found


def _known(row: Arrays) -> list[bool]:
  return [pixel_maps.known(n, v) for n, v in row.items() if n != 'image']


def _by(shape: tuple[int, ...]) -> str:
  return f'{shape[0]} x {shape[1]}'
