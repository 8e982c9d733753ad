"""Features of atoms and of pairs of atoms, from elements and positions alone.

They are computed on the device: a molecule of 29 atoms is 377 bytes in memory,
and its pairs would be 841 times as many numbers as one pair has.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Integer

from mtl_jax.layers.graph import pairs

# Covalent radii in angstrom, by atomic number: Cordero et al., Dalton
# Transactions 2832 (2008), table 2; carbon with four neighbours.
RADII = {1: 0.31, 6: 0.76, 7: 0.71, 8: 0.66, 9: 0.57}
# Two atoms are bonded up to this distance beyond the sum of their radii.
TOLERANCE = 0.45
# Pauling, J. Am. Chem. Soc. 69, 542 (1947): a bond of order n is shorter than a
# single one by .6 log10(n) angstrom.
SHORTER = 0.6 / np.log(10)


def elements(
  atoms: Integer[Array, 'batch atoms'], dtype: jnp.dtype
) -> Float[Array, 'batch atoms elements']:
  """1 at the element of each atom, in the order of `RADII`; 0 of padding."""
  known = jnp.array(list(RADII), atoms.dtype)[None, None]
  return (atoms[..., None] == known).astype(dtype)


def distances(
  positions: Float[Array, 'batch atoms 3'], known: Bool[Array, 'batch a a']
) -> Float[Array, 'batch a a']:
  """Distances of the known pairs, in the unit of the positions; 0 of others.

  Args:
    positions: of the atoms.
    known: which pairs to take; see `graph.pairs`.

  Returns:
    A number for each ordered pair.
  """
  apart = positions[:, :, None] - positions[:, None]
  # The root of 0 has no derivative, also where it is not taken.
  squares = jnp.where(known, jnp.square(apart).sum(-1), 1)
  return jnp.where(known, jnp.sqrt(squares), 0).astype(positions.dtype)


def bond_orders(
  atoms: Integer[Array, 'batch atoms'],
  apart: Float[Array, 'batch a a'],
  known: Bool[Array, 'batch a a'],
) -> Float[Array, 'batch a a']:
  """About 1 for a single bond, 2 for a double one, and 0 where there is none.

  Args:
    atoms: atomic numbers.
    apart: distances in angstrom.
    known: which pairs to take.

  Returns:
    A number for each ordered pair.
  """
  radii = jnp.array(list(RADII.values()), apart.dtype)[None, None]
  own = (elements(atoms, apart.dtype) * radii).sum(-1)
  single = own[:, :, None] + own[:, None]
  bonded = known & (apart < single + TOLERANCE)
  # Two atoms that nearly meet are no bond of a huge order.
  order = jnp.exp(jnp.minimum((single - apart) / SHORTER, 2.0))
  return jnp.where(bonded, order, 0).astype(apart.dtype)


def of_pairs(
  atoms: Integer[Array, 'batch atoms'],
  positions: Float[Array, 'batch atoms 3'],
) -> Float[Array, 'batch a a 3']:
  """Features of ordered pairs: bond order, distance, and 1; all 0 for padding.

  Rotations and translations of a molecule change none of them.

  Args:
    atoms: atomic numbers; 0 is padding.
    positions: in angstrom.
  """
  known = pairs(atoms > 0)
  apart = distances(positions, known)
  orders = bond_orders(atoms, apart, known)
  return jnp.stack([orders, apart, known.astype(apart.dtype)], axis=-1)


def of_atoms(
  atoms: Integer[Array, 'batch atoms'], edges: Float[Array, 'batch a a 3']
) -> Float[Array, 'batch atoms features']:
  """Features of atoms: the element, and the number of bonds and of hydrogens.

  The number of bonds tells the hybridisation: 4, 3 and 2 of carbon.

  Args:
    atoms: atomic numbers; 0 is padding.
    edges: features of the pairs.

  Returns:
    One of each element of `RADII`, the atomic number, and both counts.
  """
  kind, bonded = edges.dtype, (edges[..., 0] > 0).astype(edges.dtype)
  hydrogens = (atoms == 1).astype(kind)[:, None]
  columns = (atoms.astype(kind), bonded.sum(-1), (bonded * hydrogens).sum(-1))
  counts = jnp.stack(columns, axis=-1)
  return jnp.concatenate([elements(atoms, kind), counts], axis=-1)


def check(atoms: np.ndarray) -> int:
  """The first atomic number that is neither padding nor known; 0 if none is."""
  found = np.unique(atoms)
  return next((int(n) for n in found if n and int(n) not in RADII), 0)
