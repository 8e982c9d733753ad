"""Which scheme and balancer stand for a published row."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from benchmarks.multi_fashion import presets


class Method(NamedTuple):
  """How a row is trained.

  Attributes:
    scheme: its name; '' is the network of the table.
    balancer: its name.
    fields: of the balancer, where they are not the defaults.
  """

  scheme: str
  balancer: str = 'equal'
  fields: Mapping[str, Any] = {}


NAMES = {
  'STL': Method('single'),
  'LS': Method(''),
  'EW': Method(''),
  'Unit scalarization': Method(''),
  'SI': Method('', 'log_loss'),
  'RLW': Method('', 'rlw'),
  'RLW-normal': Method('', 'rlw', {'draw': 'normal'}),
  'RLW-Dirichlet': Method('', 'rlw', {'draw': 'dirichlet'}),
  'DWA': Method('', 'dwa'),
  'UW': Method('', 'uncertainty'),
  'MGDA': Method('', 'mgda'),
  'PCGrad': Method('', 'pcgrad'),
  'GradDrop': Method('', 'graddrop'),
  'CAGrad': Method('', 'cagrad'),
  'IMTL': Method('', 'imtl'),
  'IMTL-G': Method('', 'imtl_g'),
  'Nash-MTL': Method('', 'nash_mtl'),
  'MoCo': Method('', 'moco'),
  'FAMO': Method('', 'famo'),
  'Aligned': Method('', 'aligned_mtl'),
  'GradNorm': Method('', 'gradnorm'),
  'GradVac': Method('', 'gradvac'),
  'DB-MTL': Method('', 'db_mtl'),
  'Cross-Stitch': Method('cross_stitch'),
}


def of(row: str, scheme: str) -> Method | None:
  """Returns how a published row is trained here.

  Args:
    row: its name in the paper, or in `multi_fashion`.
    scheme: the network of the table.

  Returns:
    The method; None where this library has none.
  """
  found = NAMES.get(row)
  if found is None and row in presets.ROWS:
    own = presets.ROWS[row]
    found = Method(own.scheme, own.balancer, own.fields)
  return found and found._replace(scheme=found.scheme or scheme)
