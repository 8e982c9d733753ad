"""The eleven labels of QM9, of the properties in its files."""

from typing import NamedTuple

import numpy as np

from mtl_jax.data.raw.molecular import xyz

EV = 27.211386246  # of a hartree
MEV = 1000 * EV


class Target(NamedTuple):
  """A task: a property in other units.

  Attributes:
    name: of the property in the files.
    factor: by which it is multiplied.
    unit: of the result.
  """

  name: str
  factor: float
  unit: str


# Targets 0, 1, 2, 3, 5, 6, 12 to 15 and 11 of PyTorch Geometric, in the order
# of the published tables.
TARGETS = (
  Target('mu', 1.0, 'D'),
  Target('alpha', 1.0, 'a0^3'),
  Target('homo', MEV, 'meV'),
  Target('lumo', MEV, 'meV'),
  Target('r2', 1.0, 'a0^2'),
  Target('zpve', MEV, 'meV'),
  Target('U0', MEV, 'meV'),
  Target('U', MEV, 'meV'),
  Target('H', MEV, 'meV'),
  Target('G', MEV, 'meV'),
  Target('Cv', 1.0, 'cal/(mol K)'),
)
# Energies of lone atoms in hartree, of H, C, N, O, F, which are subtracted: the
# four energies are those of atomisation.
LONE = {
  'U0': (-0.500273, -37.846772, -54.583861, -75.064579, -99.718730),
  'U': (-0.498857, -37.845355, -54.582445, -75.063163, -99.717314),
  'H': (-0.497912, -37.844411, -54.581501, -75.062219, -99.716370),
  'G': (-0.510927, -37.861317, -54.598897, -75.079532, -99.733544),
}


def labels(table: xyz.Molecules) -> list[np.ndarray]:
  """The labels of each of `TARGETS`, `[N]`, in its unit.

  Args:
    table: the molecules, with properties in the units of the files.
  """
  found = []
  for target in TARGETS:
    values = table.properties[target.name]
    if target.name in LONE:
      alone = np.zeros(10)
      alone[list(xyz.ELEMENTS.values())] = LONE[target.name]
      values = values - alone[table.atoms].sum(axis=1)
    found.append(values * target.factor)
  return found
