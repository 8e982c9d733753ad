"""The parameters of one network under flat names, as a safetensors file."""

import json
import pathlib
from typing import Any

import numpy as np

from mtl_jax.records import atomic, model_files
from mtl_jax.records.model_files import Stored

# Names of Flax collections; all other names are those of parameters.
COLLECTIONS = 'collections'


def variables(arrays: dict[str, np.ndarray], described: dict) -> dict[str, Any]:
  """Arranges arrays by name as Flax variables.

  Args:
    arrays: of one seed, by flat name.
    described: content of `model.json`; it lists the collections.
  """
  tree = model_files.nested(arrays)
  others = {name: tree.pop(name) for name in described[COLLECTIONS]}
  return {'params': tree, **others}


def write(path: pathlib.Path, model: Stored, number: int) -> None:
  """Writes the arrays of one seed.

  Args:
    path: of the file.
    model: whose arrays are written.
    number: of the seed among those of the model.
  """
  from safetensors.numpy import save

  arrays = {
    name: np.ascontiguousarray(x[number]) for name, x in model.arrays.items()
  }
  atomic.write(path, save(arrays, metadata=_metadata(model, number)))


def _metadata(model: Stored, number: int) -> dict[str, str]:
  """Texts: what a reader needs to apply the arrays without this package."""
  described = model.described
  seed = described['seeds'][number]
  known = {
    'format': f'mtl_jax {model_files.FORMAT}',
    'tasks': described['tasks'],
    'scheme': described['scheme'],
    'encoder': described['config']['encoder'],
    'inputs': described['inputs'],
    'seed': seed['seed'],
    'per_task': described['per_task'],
    'data': described['data'][seed['data']],
    'config': described['config'],
  }
  return {
    name: value if isinstance(value, str) else json.dumps(value)
    for name, value in known.items()
  }
