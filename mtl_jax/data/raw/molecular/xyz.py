"""Reads molecules as QM9 has them: a file of lines each, in one archive.

The archive is read from front to back and nothing is unpacked to disk. A file
has the number of atoms, a line of properties, a line per atom (element, three
coordinates in angstrom, partial charge), frequencies, SMILES and InChI.
"""

import pathlib
import re
import tarfile
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int8, Int64

from mtl_jax.data.raw.unpacked import DAMAGED
from mtl_jax.errors import InputError, nearest

ELEMENTS = {'H': 1, 'C': 6, 'N': 7, 'O': 8, 'F': 9}
# Behind the words 'gdb' and the number of the molecule.
PROPERTIES = (
  *('A', 'B', 'C', 'mu', 'alpha', 'homo', 'lumo', 'gap', 'r2', 'zpve'),
  *('U0', 'U', 'H', 'G', 'Cv'),
)
COLUMNS = ('x', 'y', 'z', 'charge')  # of an atom, behind the element
ATOMS = 29  # of the largest molecule
MEMBER = re.compile(r'(?:\./)?(?:dsgdb9nsd(?:\.xyz)?/)?dsgdb9nsd_(\d{6})\.xyz')
BYTES = 20_000  # of a member; the largest has some 3,000
MEMBERS = 200_000


class Molecules(NamedTuple):
  """N molecules, padded.

  Attributes:
    numbers: of the molecules, from 1.
    atoms: atomic numbers, 0 is padding.
    positions: in angstrom.
    charges: partial charges (Mulliken) in elementary charges.
    properties: in the units of the files, by name.
  """

  numbers: Int64[np.ndarray, 'n']
  atoms: Int8[np.ndarray, 'n atoms']
  positions: Float32[np.ndarray, 'n atoms 3']
  charges: Float32[np.ndarray, 'n atoms']
  properties: dict[str, Float[np.ndarray, 'n']]


# Of one molecule: atomic numbers, `[atoms, 4]` coordinates and partial charges,
# and the properties in the order of `PROPERTIES`.
Parsed = tuple[list[int], np.ndarray, list[float]]


class Fault(ValueError):
  """What is wrong in a file, and in which line, counted from 1."""

  def __init__(self, line: int, text: str):
    super().__init__(f'line {line}: {text}')


def read(path: pathlib.Path, left_out: frozenset[int]) -> Molecules:
  """Reads an archive of molecules.

  Args:
    path: a tar, compressed by bzip2, gzip or not at all.
    left_out: numbers of the molecules to leave out.

  Returns:
    The other molecules, in the order of their numbers.

  Raises:
    InputError: the archive is cut or damaged, has a member that is no plain
      file of a molecule's size, or a line is wrong; it names member and line.
  """
  found = {}
  try:
    for name, number, data in _members(path):
      if number in found:
        raise InputError(f'{path}: two members are molecule {number}')
      if number not in left_out:
        found[number] = _parsed(path, name, number, data)
  except DAMAGED as error:
    if isinstance(error, InputError):
      raise
    words = ' '.join(str(error).split()) or type(error).__name__
    raise InputError(
      f'{path} is cut or damaged ({words}); download it again'
    ) from error
  if not found:
    raise InputError(
      f'{path} has no molecule: members are called dsgdb9nsd_000001.xyz, ...'
    )
  return joined(found)


def _members(path: pathlib.Path) -> Iterator[tuple[str, int, bytes]]:
  """Yields name, number and bytes of the molecules."""
  with tarfile.open(path, 'r|*') as archive:
    for count, member in enumerate(archive):
      if count == MEMBERS:
        raise InputError(f'{path} has more than {MEMBERS:,} members')
      if member.isdir():
        continue
      matched = MEMBER.fullmatch(member.name)
      if not (matched and member.isreg() and member.size <= BYTES):
        raise InputError(
          f'{path}: member {member.name!r} is not a plain file '
          f'dsgdb9nsd_NNNNNN.xyz of at most {BYTES:,} bytes; it is not the '
          'published archive: download it again'
        )
      data = archive.extractfile(member).read()
      if len(data) < member.size:
        raise EOFError(f'member {member.name} ends early')
      yield member.name, int(matched[1]), data


def _parsed(path, name: str, number: int, data: bytes) -> tuple:
  try:
    return parse(data.decode('ascii'), number)
  except UnicodeDecodeError:
    text = 'bytes that are no text'
  except Fault as fault:
    text = str(fault)
  raise InputError(
    f'{path}: {name}, {text}; correct the file or download the archive again'
  )


def parse(text: str, number: int) -> Parsed:
  """Parses the file of one molecule.

  Args:
    text: of the file.
    number: of the molecule, by the name of its file.

  Returns:
    What is in it.

  Raises:
    Fault: a line is wrong.
  """
  lines = text.rstrip().split('\n')
  if not lines[0].strip().isdecimal():
    raise Fault(1, f'{lines[0].strip()!r:.40} is not a number of atoms')
  count = int(lines[0])
  if not 0 < count <= ATOMS:
    raise Fault(1, f'{count} atoms; a molecule has 1 to {ATOMS}')
  if len(lines) != count + 5:
    raise Fault(
      1, f'{count} atoms need {count + 5} lines, and the file has {len(lines)}'
    )
  properties = _properties(lines[1].split(), number)
  atoms, rows = [], []
  for at, line in enumerate(lines[2 : count + 2], 3):
    words = line.split()
    if len(words) != 5:
      raise Fault(at, f'an atom has 5 columns, this has {len(words)}')
    if words[0] not in ELEMENTS:
      raise Fault(
        at, f'element {words[0]!r:.20}; {nearest(words[0], ELEMENTS)}'
      )
    atoms.append(ELEMENTS[words[0]])
    rows.append(list(map(_number, words[1:], COLUMNS, [at] * 4)))
  return atoms, np.array(rows), properties


def _properties(words: list[str], number: int) -> list[float]:
  if len(words) != len(PROPERTIES) + 2 or words[0] != 'gdb':
    raise Fault(
      2, f"it has 'gdb', a number and {len(PROPERTIES)} properties, "
      f'{len(PROPERTIES) + 2} words, and this has {len(words)}'
    )  # fmt: skip
  if words[1] != str(number):
    raise Fault(2, f'it is molecule {words[1]!r:.20} in the file of {number}')
  return list(map(_number, words[2:], PROPERTIES, [2] * len(PROPERTIES)))


def _number(word: str, name: str, line: int) -> float:
  """A number; some are written as Mathematica does, 6.8*^-6."""
  try:
    value = float(word.replace('*^', 'e'))
  except ValueError:
    value = np.nan
  if not np.isfinite(value):
    raise Fault(line, f'{name} is {word!r:.40}; it must be a number')
  return value


def joined(found: dict[int, Parsed]) -> Molecules:
  """Pads molecules and puts them into arrays.

  Args:
    found: molecules by their number.

  Returns:
    The molecules in the order of their numbers.
  """
  numbers = sorted(found)
  atoms = np.zeros((len(numbers), ATOMS), np.int8)
  places = np.zeros((len(numbers), ATOMS, 4), np.float32)
  for row, number in enumerate(numbers):
    own, values, _ = found[number]
    atoms[row, : len(own)], places[row, : len(own)] = own, values
  table = np.array([found[number][2] for number in numbers])
  properties = dict(zip(PROPERTIES, table.T, strict=True))
  return Molecules(
    np.array(numbers), atoms, places[..., :3], places[..., 3], properties
  )
