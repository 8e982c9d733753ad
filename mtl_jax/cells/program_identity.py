"""What a cell's programs depend on: its identity, less what they read."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mtl_jax.cells import identity
from mtl_jax.data.base import Data


def of(
  known: dict[str, Any], labels: Any, datas: Sequence[Data]
) -> dict[str, Any]:
  """Returns what cells have in common that run the same programs.

  Programs read as arguments which training labels are known. Cells whose data
  sets differ in their field `labels` alone are thus trained by one program,
  though their numbers, and so their identities, differ.

  Args:
    known: the identity of a cell.
    labels: the field `labels` of its data set; without it, all of the identity
      counts.
    datas: of the cell.
  """
  if not labels:
    return known
  fields = {
    name: {k: v for k, v in own.items() if k != 'labels'}
    for name, own in known['dataset'].items()
  }
  # A scheme may refuse rows that have labels of several tasks: that is checked
  # when programs are traced.
  several = bool((datas[0].train.mask.sum(1) > 1).any())
  hidden = ['labels are hidden', several]
  data = identity.fingerprint([_unmasked(data) for data in datas])
  return {**known, 'dataset': fields, 'fingerprint': [data, *hidden]}


def _unmasked(data: Data) -> Data:
  mask = np.ones_like(data.train.mask)
  return data._replace(train=data.train._replace(mask=mask))
