"""Reads QM9 as TFDS has prepared it."""

import numpy as np

from mtl_jax.data import files
from mtl_jax.data import tfds as by_name
from mtl_jax.data.raw.molecular import xyz
from mtl_jax.errors import InputError, nearest

# Of the builder: each has all molecules, in other splits.
CONFIGS = ('original', 'dimenet', 'cormorant')
ATOMS = ('charges', 'positions', 'Mulliken_charges', 'index')


def prepared(data_dir: str) -> str:
  """The first config that is prepared, or ''.

  Args:
    data_dir: folder of prepared data.
  """
  home = files.home(data_dir) / 'qm9'
  found = (c for c in CONFIGS if any(home.glob(f'{c}/*/dataset_info.json')))
  return next(found, '')


def read(data_dir: str) -> xyz.Molecules:
  """Reads all splits of a prepared `qm9`.

  Args:
    data_dir: folder of prepared data.

  Returns:
    The molecules in the order of their numbers, whatever their splits are.

  Raises:
    InputError: none is prepared, in another format, or a feature is missing.
  """
  config = prepared(data_dir) or CONFIGS[0]
  builder = by_name.find('qm9', data_dir, config)
  names = (*ATOMS, *xyz.PROPERTIES)
  for name in names:
    if name not in builder.info.features:
      raise InputError(
        f'TFDS {builder.info.full_name} has no feature {name!r}; '
        + nearest(name, builder.info.features)
      )
  rows = []
  # Not by `store.arrays`: frequencies are as many as a molecule has.
  for split in builder.info.splits:
    source = builder.as_data_source(split)
    rows += [
      {name: row[name] for name in names}
      for row in source.__getitems__(range(len(source)))
    ]
  rows.sort(key=lambda row: int(row['index']))
  table = {name: np.array([row[name] for row in rows]) for name in names}
  return xyz.Molecules(
    table['index'].astype(np.int64),
    table['charges'].astype(np.int8),
    table['positions'].astype(np.float32),
    table['Mulliken_charges'].astype(np.float32),
    {name: table[name].astype(np.float64) for name in xyz.PROPERTIES},
  )
