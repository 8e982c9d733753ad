"""Writes little archives of the format of QM9, of molecules made up here.

Molecules are chains of C, N and O with hydrogens; their properties are simple
functions of atoms and positions, so that something can be learned. They have no
chemistry in them.
"""

import io
import pathlib
import tarfile

import numpy as np

from mtl_jax.data.raw.molecular.qm9_files import ARCHIVE, HEAD, LEFT_OUT
from mtl_jax.data.raw.molecular.xyz import PROPERTIES

_VALENCE = {'C': 4, 'N': 3, 'O': 2}
_NUMBER = {'H': 1, 'C': 6, 'N': 7, 'O': 8}


def write(
  folder: pathlib.Path, count: int = 60, left_out: int = 3, seed: int = 0
) -> pathlib.Path:
  """Writes an archive and the list of molecules to leave out.

  Args:
    folder: where to; it is made if it is missing.
    count: number of molecules.
    left_out: how many of them are in the list, the first ones.
    seed: of the molecules.

  Returns:
    The folder.
  """
  draw = np.random.default_rng(seed)
  files = {
    f'dsgdb9nsd_{number:06d}.xyz': molecule(draw, number)
    for number in range(1, count + 1)
  }
  folder = pathlib.Path(folder)
  folder.mkdir(parents=True, exist_ok=True)
  pack(folder / ARCHIVE, files)
  (folder / LEFT_OUT).write_text(listed(range(1, left_out + 1)))
  return folder


def pack(path: pathlib.Path, files: dict[str, str]) -> None:
  """Writes an archive.

  Args:
    path: of the archive.
    files: text by name.
  """
  with tarfile.open(path, 'w:bz2', format=tarfile.USTAR_FORMAT) as archive:
    for name, text in files.items():
      member = tarfile.TarInfo(name)
      member.size = len(text)
      archive.addfile(member, io.BytesIO(text.encode('ascii')))


def listed(numbers) -> str:
  """The list of molecules to leave out: nine lines, a line each, their count.

  Args:
    numbers: of the molecules.
  """
  rows = [f'{n:6d}   C   C' for n in numbers]
  head = [f'header {i}' for i in range(HEAD)]
  return '\n'.join([*head, *rows, f'{len(rows)} compounds', ''])


def molecule(draw: np.random.Generator, number: int) -> str:
  """The file of one molecule.

  Args:
    draw: random numbers.
    number: of the molecule.
  """
  chain = draw.choice(list(_VALENCE), size=draw.integers(1, 6)).tolist()
  elements, places = [], []
  for i, element in enumerate(chain):
    bonds = (i > 0) + (i < len(chain) - 1)
    at = np.array([1.25 * i, 0.8 * (i % 2), 0.0]) + draw.normal(0, 0.02, 3)
    elements.append(element)
    places.append(at)
    for turn in range(_VALENCE[element] - bonds):
      angle = 2 * np.pi * turn / max(1, _VALENCE[element] - bonds)
      places.append(at + [0, 1.0 * np.cos(angle), 1.0 * np.sin(angle)])
      elements.append('H')
  return _text(number, elements, np.array(places))


def _text(number: int, elements: list[str], places: np.ndarray) -> str:
  z = np.array([_NUMBER[e] for e in elements])
  charges = np.where(z == 1, 0.1, -0.02 * z)
  values = [f'{v:.6g}' for v in _properties(z, places)]
  lines = [str(len(z)), '\t'.join(['gdb ' + str(number), *values]) + '\t']
  for element, place, charge in zip(elements, places, charges, strict=True):
    numbers = [_mathematica(v) for v in (*place, charge)]
    lines.append('\t'.join([element, *numbers]))
  lines += ['1000.0\t2000.0', 'C\tC\t', 'InChI=1S/CH4/h1H4\tInChI=1S/CH4/h1H4']
  return '\n'.join([*lines, ''])


def _mathematica(value: float) -> str:
  """Small numbers as the published files have them: 6.8*^-6."""
  small = 0 < abs(value) < 1e-4
  return f'{value:.4e}'.replace('e', '*^') if small else f'{value:.10g}'


def _properties(z: np.ndarray, places: np.ndarray) -> list[float]:
  size = np.square(places - places.mean(0)).sum(1)
  extent, heavy = float((size * z).sum()), int((z > 1).sum())
  energy = float(-(0.6 * z**2).sum() - 0.2 * len(z))
  found = {
    'A': 10.0,
    'B': 5.0,
    'C': 2.0,
    'mu': 0.1 * (z == 8).sum() + 0.5,
    'alpha': 5.0 * heavy + len(z),
    'homo': -0.25 + 0.01 * heavy,
    'lumo': 0.05 - 0.01 * (z == 7).sum(),
    'gap': 0.3,
    'r2': extent,
    'zpve': 0.012 * len(z),
    'U0': energy,
    'U': energy + 0.004,
    'H': energy + 0.005,
    'G': energy - 0.03,
    'Cv': 2.0 + 1.5 * len(z),
  }
  return [found[name] for name in PROPERTIES]
