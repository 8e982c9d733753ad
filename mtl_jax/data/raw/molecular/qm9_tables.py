"""Reads QM9 out of the Python distribution `qm9pack`, by its first author.

Three tables have a row per molecule, without the 3,054 of uncharacterized.txt,
and lists as text: "[[0.1,0.2,0.3],[...]]".
"""

import csv
import io
import pathlib

import numpy as np

from mtl_jax.data import files
from mtl_jax.data.raw import pinned
from mtl_jax.data.raw.molecular import xyz

NAME = 'qm9'  # as `python -m mtl_jax.data.files` has it
# Columns of `xyz.PROPERTIES`, in their order.
PROPERTIES = (
  *('RotA_GHz', 'RotB_GHz', 'RotC_GHz', 'Dipole_debye'),
  *('Polarizability_bohr3', 'HOMO_au', 'LUMO_au', 'HOMO_LUMO_gap_au'),
  *('R2_bohr2', 'ZPVE_au', 'InternalEnergy_0K_au', 'InternalEnergy_298K_au'),
  *('Enthalphy_298K_au', 'GibbsFreeEnergy_298K_au'),  # as it spells them
  'Heatcapacity_Cv_cal_mol_K',
)


def there(folder: pathlib.Path) -> bool:
  """Whether the archive is there, or all tables are.

  Args:
    folder: of raw files.
  """
  sources = pinned.parts(NAME)
  tables = all((folder / source.bare).is_file() for source in sources)
  return tables or (folder / sources[0].archive).is_file()


def read(folder: pathlib.Path) -> xyz.Molecules:
  """Reads all molecules.

  Args:
    folder: of the archive or of the tables.

  Raises:
    InputError: a file is missing, or is not that one, by its digest.
  """
  found = {}
  for source in pinned.parts(NAME):
    text = files.member(source, folder).decode('ascii')
    for row in csv.DictReader(io.StringIO(text)):
      found[int(row['Index'])] = _parsed(row)
  return xyz.joined(found)


def _parsed(row: dict[str, str]) -> xyz.Parsed:
  atoms = [xyz.ELEMENTS[e.strip("'")] for e in _listed(row['Elements'])]
  places = np.array(_listed(row['XYZ_Ang']), float).reshape(-1, 3)
  charges = np.array(_listed(row['Mulliken_pop']), float)
  properties = [float(row[name]) for name in PROPERTIES]
  return atoms, np.column_stack([places, charges]), properties


def _listed(text: str) -> list[str]:
  return text.replace('[', '').replace(']', '').split(',')
