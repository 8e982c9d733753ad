"""The folder of an experiment whose caller names none."""

import pathlib
import re
import tempfile
from collections.abc import Mapping
from typing import Any

from mtl_jax import records
from mtl_jax.cells import choices, identity
from mtl_jax.data.base import Data
from mtl_jax.devices import compilation_cache


def of(
  config: Any, datas: list[Data], budget: Mapping[str, Any]
) -> pathlib.Path:
  """Returns the folder of all cells with these data and this budget.

  The same call has the same folder, so that it finds its cells again, and so
  does one that adds schemes. It lies in the user's cache folder, or in that of
  `MTL_JAX_CACHE`; where that is empty it is a new temporary folder.

  Args:
    config: a whole one.
    datas: the data set, one per split.
    budget: what else a workdir has in common.
  """
  chosen = choices.choose(config)
  comparable = identity.comparable(config, chosen, datas)
  digest = records.digest([comparable, dict(budget)])
  word = re.sub(r'\W+', '_', datas[0].card.name)[:40]
  caches = compilation_cache.cache_folder()
  if caches is None:
    return pathlib.Path(tempfile.mkdtemp(prefix='mtl_jax-'))
  return caches / 'tables' / f'{word}-{digest}'
