"""Pictures of one size, decoded once to a .npy file that is memory-mapped.

The file lies in the folder of prepared data, with its digest. Only the pages
that are read are in memory, and processes share them. A damaged file, or one
of pictures that have changed since, is made anew.
"""

import errno
import functools
import hashlib
import os
import pathlib
import sys
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import IO, NamedTuple

import numpy as np
from jaxtyping import UInt8

from mtl_jax.data.checking import prepared
from mtl_jax.data.raw.classed import decoding
from mtl_jax.records import atomic, digests, disk

FOLDER = 'mtl_jax_pictures'  # in the folder of prepared data
VERSION = '1'  # of the form in which pictures are stored
BLOCK = 512  # pictures that are decoded before they are written

Images = UInt8[np.ndarray, 'pictures size size 3']


class Pictures(NamedTuple):
  """Pictures that can be read one by one.

  Attributes:
    files: what they are read from.
    count: their number.
    size: height and width in pixels, after scaling.
    read: the picture of a number, uint8 `[size, size, 3]`; called in threads.
  """

  files: tuple[pathlib.Path, ...]
  count: int
  size: int
  read: Callable[[int], np.ndarray]


def array(home: pathlib.Path, name: str, pictures: Pictures) -> Images:
  """Returns all pictures, memory-mapped.

  Args:
    home: folder of prepared data.
    name: of the data set; a part of the file's name.
    pictures: what is decoded where nothing is stored.

  Returns:
    A read-only array. Where the folder cannot be written to, it is in memory.

  Raises:
    InputError: a picture cannot be read.
  """
  path = home / FOLDER / f'{name}-{pictures.size}-{_identity(pictures)}.npy'
  try:
    if _problem(path) is not None:
      _check_writable(path.parent)
      with prepared.lock(path):
        # Another process may have finished while this one waited.
        if (what := _problem(path)) is not None:
          _write(path, pictures, what)
    return np.asarray(np.load(path, mmap_mode='r', allow_pickle=False))
  except disk.WriteError as error:
    print(f'{name} is not stored, and is in memory: {error}', file=sys.stderr)
    return np.stack([*_decoded(pictures)])


def _identity(pictures: Pictures) -> str:
  """A digest of the names, sizes and times of the files."""
  found = hashlib.sha256(VERSION.encode())
  for path in pictures.files:
    state = path.stat()
    found.update(os.fsencode(path))  # a name may be no text
    found.update(f' {state.st_size} {state.st_mtime_ns}\n'.encode())
  return found.hexdigest()[:16]


def _problem(path: pathlib.Path) -> str | None:
  """What is wrong, in words: '' if nothing is stored, None if all is well."""
  written = digests.beside(path)
  if not written.exists() or not path.exists():
    return ''  # the digest is written last
  return _damage(path, written.stat().st_mtime_ns)


@functools.cache  # Once per process, since files are large.
def _damage(path: pathlib.Path, _: int) -> str | None:
  found = next(digests.problems(path), None)
  return f'{found.path} is damaged ({found.what})' if found else None


def _check_writable(folder: pathlib.Path) -> None:
  with disk.writing(folder):
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
      raise PermissionError(errno.EACCES, 'not writable', str(folder))


def _write(path: pathlib.Path, pictures: Pictures, what: str) -> None:
  if what:
    print(f'{what}: it is made anew', file=sys.stderr)
  digests.forget(path)
  atomic.write(path, lambda file: _fill(file, pictures))
  digests.write_beside(path)


def _fill(file: IO[bytes], pictures: Pictures) -> None:
  # Written as a stream: a mapped file on a full disk would end the process.
  shape = pictures.count, pictures.size, pictures.size, 3
  header = {'descr': '|u1', 'fortran_order': False, 'shape': shape}
  np.lib.format.write_array_header_1_0(file, header)
  for image in _decoded(pictures):
    file.write(np.ascontiguousarray(image).data)


def _decoded(pictures: Pictures) -> Iterator[np.ndarray]:
  """Yields all pictures in order; Pillow decodes without Python's lock."""
  with (
    decoding.without_warnings(),
    futures.ThreadPoolExecutor(min(32, os.cpu_count() or 1)) as pool,
  ):
    for start in range(0, pictures.count, BLOCK):
      block = range(start, min(start + BLOCK, pictures.count))
      yield from pool.map(pictures.read, block)
