"""Reads a file of a user's download: bare, compressed, or in an archive."""

import gzip
import io
import pathlib
import tarfile
import zipfile
import zlib
from collections.abc import Iterable

from mtl_jax.errors import InputError

DAMAGED = (EOFError, OSError, tarfile.TarError, zipfile.BadZipFile, zlib.error)


def find(
  folder: pathlib.Path, name: str, archives: Iterable[str], remedy: str
) -> tuple[pathlib.Path, bytes]:
  """Reads a file, wherever it is in a folder.

  Args:
    folder: of the download.
    name: of the file; `name.gz` is accepted too.
    archives: names of tar and zip archives that may have the file, also inside
      another of these archives.
    remedy: what to do if the file is nowhere, for the message.

  Returns:
    The path of the file or of its archive, and the bytes of the file.

  Raises:
    InputError: the file is nowhere, or what has it is damaged.
  """
  archives = tuple(archives)
  for path in (folder / n for n in (name, f'{name}.gz', *archives)):
    if not path.is_file():
      continue
    try:
      data = _taken(path.name, path.read_bytes(), name, archives)
    except DAMAGED as error:
      raise InputError(
        f'{path} is cut or damaged ({error}); download it again'
      ) from error
    if data is not None:
      return path, data
  names = ', '.join((name, f'{name}.gz', *archives))
  raise InputError(f'{folder} has none of {names}; {remedy}')


def _taken(own: str, data: bytes, name: str, archives) -> bytes | None:
  """Returns the file out of the bytes of what is called `own`, or None."""
  if own == name:
    return data
  if own == f'{name}.gz':
    return gzip.decompress(data)
  members = _members(own, data, {name, f'{name}.gz', *archives})
  found = (_taken(member, raw, name, archives) for member, raw in members)
  return next((one for one in found if one is not None), None)


def _members(own: str, data: bytes, wanted: set[str]):
  """Yields the wanted members of an archive, by their names without folders."""
  if own.endswith('.zip'):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
      for member in archive.namelist():
        if (base := pathlib.PurePosixPath(member).name) in wanted:
          yield base, archive.read(member)
    return
  with tarfile.open(fileobj=io.BytesIO(data)) as archive:
    for member in archive:
      base = pathlib.PurePosixPath(member.name).name
      if member.isfile() and base in wanted:
        yield base, archive.extractfile(member).read()
