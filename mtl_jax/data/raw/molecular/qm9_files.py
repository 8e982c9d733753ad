"""The two files of QM9 that a user downloads, and what is checked of them."""

import hashlib
import pathlib

from mtl_jax.data import files
from mtl_jax.data.raw.molecular import xyz
from mtl_jax.errors import InputError

ARCHIVE = 'dsgdb9nsd.xyz.tar.bz2'
LEFT_OUT = 'uncharacterized.txt'
# Bytes and SHA-256 of the published files, as TFDS pins them.
PINNED = {
  ARCHIVE: (
    86_144_227,
    '3a63848ac80691bdb8d41834b575afad345b9300d7a2db0c38adb7f6eaa8360c',
  ),
  LEFT_OUT: (
    486_752,
    '3aa5115d540b356de94791d4a74c3bf1ed91c469ecf52a4f5d7cc0506fe02e24',
  ),
}
HEAD = 9  # lines before the list; the last line of the file is a count
# Molecules of the published archive, and of them in the list.
COUNTS = (133_885, 3054)


def read(folder: pathlib.Path, published: bool = True) -> xyz.Molecules:
  """Reads the molecules, without those of the list.

  Args:
    folder: of both files.
    published: whether they must be the published ones.

  Raises:
    InputError: a file is missing, cut, or another one.
  """
  for name in PINNED:
    check(folder / name, published)
  skipped = listed(folder / LEFT_OUT)
  found = xyz.read(folder / ARCHIVE, skipped)
  count, expected = len(found.numbers), COUNTS[0] - COUNTS[1]
  if published and count != expected:
    raise InputError(
      f'{folder / ARCHIVE} has {count:,} molecules that are not in {LEFT_OUT}, '
      f'expected {expected:,}; download both again'
    )
  return found


def check(path: pathlib.Path, published: bool) -> None:
  """Checks that a file is there, and by size and digest that it is the one.

  Args:
    path: of the file.
    published: False only checks that it is there.

  Raises:
    InputError: it is missing or another one.
  """
  need(path)
  size, digest = PINNED[path.name]
  if not published:
    return
  found = f'{path.stat().st_size:,} bytes, expected {size:,}'
  if path.stat().st_size == size:
    with path.open('rb') as file:
      got = hashlib.file_digest(file, 'sha256').hexdigest()
    if got == digest:
      return
    found = f'sha256 {got}, expected {digest}'
  raise InputError(
    f'{path}: {found}; it is cut or not the published file: download it again, '
    'or set config.datasets.qm9.published=False for a file of your own'
  )


def need(path: pathlib.Path) -> None:
  """Checks that a file is there.

  Args:
    path: of the file.

  Raises:
    InputError: it is not.
  """
  if not path.is_file():
    raise InputError(missing(path))


def missing(path: pathlib.Path) -> str:
  """What to do about a file that is not there.

  Args:
    path: of the file.
  """
  return (
    f'no {path.name} in {path.parent}; run `{files.FETCH} qm9`, which fetches '
    'the same molecules (104 MB), for config.datasets.qm9.source auto or '
    'qm9pack, or get the file from the collection "Quantum '
    'chemistry structures and properties of 134 kilo molecules" on figshare '
    '(Ramakrishnan et al., 2014), or prepare TFDS qm9 as array_record'
  )


def listed(path: pathlib.Path) -> frozenset[int]:
  """Numbers of the molecules that failed a check of their geometry.

  Args:
    path: of the list: nine lines, a line each that begins with the number, and
      a line with their count.

  Raises:
    InputError: a line does not begin with a number.
  """
  lines = path.read_text('latin-1').rstrip().split('\n')
  rows = lines[HEAD:-1]
  words = [row.split()[:1] for row in rows]
  for line, own in enumerate(words, HEAD + 1):
    if not (own and own[0].isdecimal()):
      raise InputError(
        f'{path}: line {line} is {rows[line - HEAD - 1]!r:.40}, which does not '
        'begin with the number of a molecule; download the file again'
      )
  return frozenset(int(own[0]) for own in words)
