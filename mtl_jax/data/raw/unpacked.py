"""Decompresses in memory, within a bound: what is small may unpack to much.

Nothing is written, so that names, links and devices in an archive do no harm.
What may be unpacked from a download is counted over everything in it.
"""

import gzip
import io
import lzma
import pathlib
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator

# What readers of archives raise where one is cut, damaged, encrypted (Runtime)
# or compressed in an unknown way (NotImplemented).
DAMAGED = (
  *(EOFError, OSError, RuntimeError, NotImplementedError, ValueError),
  *(KeyError, OverflowError, MemoryError, lzma.LZMAError, zlib.error),
  *(tarfile.TarError, zipfile.BadZipFile),
)
LARGEST = 512 * 2**20  # bytes; the largest table that is read has 104 MB
MEMBERS = 10_000  # of an archive; a damaged tar may repeat one without end


class Budget:
  """How many bytes may still be unpacked.

  Args:
    size: bytes; None is `LARGEST`.
  """

  def __init__(self, size: int | None = None):
    self.size = self.left = LARGEST if size is None else size

  def read(self, file) -> bytes:
    """Reads a file to its end.

    Args:
      file: opened; what it gives is counted.

    Raises:
      ValueError: it has more than is left.
    """
    data = file.read(self.left + 1)
    if len(data) > self.left:
      raise ValueError(f'it unpacks to more than {self.size:,} bytes')
    self.left -= len(data)
    return data

  def file(self, path: pathlib.Path) -> bytes:
    """Reads a file of a folder, as `read` does."""
    with path.open('rb') as file:
      return self.read(file)

  def gunzip(self, data: bytes) -> bytes:
    """Decompresses what gzip wrote, as `read` does."""
    if not data:  # which gzip takes for an empty file
      raise EOFError('it is empty')
    with gzip.open(io.BytesIO(data)) as file:
      return self.read(file)

  def members(
    self, data: bytes, wanted: Callable[[str], bool]
  ) -> Iterator[tuple[str, bytes]]:
    """Yields the names and bytes of the wanted files of a zip or tar.

    Args:
      data: of the archive; a tar may be compressed by gzip.
      wanted: of a name. Links, devices and folders are no files.

    Raises:
      ValueError: what is wanted is too large, or there are too many members.
    """
    if data[:2] == b'PK':
      with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist()[:MEMBERS]:
          if wanted(member.filename):
            with archive.open(member) as file:
              yield member.filename, self.read(file)
      return
    # Decompressed as a whole: tarfile would do so to skip what is not wanted.
    plain = self.gunzip(data) if data[:2] == b'\x1f\x8b' else data
    with tarfile.open(fileobj=io.BytesIO(plain), mode='r:') as archive:
      for number, member in enumerate(archive):
        if number == MEMBERS:
          raise ValueError(f'it has more than {MEMBERS:,} members')
        if member.isfile() and wanted(member.name):
          yield member.name, self.read(archive.extractfile(member))
