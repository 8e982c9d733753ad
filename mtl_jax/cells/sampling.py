"""How many rows of each source a batch has, where a data set has several.

A source is what one task, or some tasks, were labelled on: a file of its own,
say. Sources may differ much in size.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from mtl_jax.data.base import Data
from mtl_jax.errors import InputError


class Rule(NamedTuple):
  """How batches are drawn.

  Attributes:
    name: as `config.sampling`, but for 'auto'.
    quotas: rows of each source in a batch; () draws from all rows alike.
    sizes: by source, the most training rows of any seed.
    counts: training rows of each source, by data set; () without quotas.
  """

  name: str
  quotas: tuple[int, ...] = ()
  sizes: tuple[int, ...] = ()
  counts: Any = ()

  @property
  def identity(self) -> dict:
    """What determines the rows of batches, besides the data and the seed."""
    if not self.quotas:
      return {}
    rows = self.counts.tolist()
    quotas = list(self.quotas)
    return {'sampling': self.name, 'quotas': quotas, 'source_rows': rows}


def of(config: Any, datas: Sequence[Data]) -> Rule:
  """Returns how the batches of a cell are drawn.

  Args:
    config: a whole one; of its `sampling`, 'auto' is proportional where the
      data have several sources, and else from all rows alike.
    datas: one data set per seed, or one for all.

  Raises:
    InputError: if the data have one source and the rule is one for several, a
      batch has fewer rows than there are sources, or the rows of a source
      differ too much between seeds.
  """
  rule, several = config.sampling, bool(datas[0].sources)
  if rule == 'auto':
    rule = 'proportional' if several else 'rows'
  if rule == 'rows':
    return Rule(rule)
  if not several:
    raise InputError(
      f'config.sampling is {rule!r}, and the data set has one source of rows; '
      "set it to 'auto' or 'rows', or give each task rows of its own"
    )
  counts = np.array([data.sources for data in datas], np.int32)
  # Batches have one shape for all seeds, whose sources may differ a little.
  powers = {'proportional': 1.0, 'uniform': 0.0}
  power = powers.get(rule, 1 / config.sampling_temperature)
  own = quotas(counts.mean(axis=0) ** power, config.batch_size)
  sizes = tuple(counts.max(axis=0).tolist())
  for source, rows in enumerate(counts.T):
    if rows.min() < rows.max() / 2:
      raise InputError(
        f'config.resplit: source {source} has {rows.min()} training rows with '
        f'one seed and {rows.max()} with another; set config.resplit=False or '
        "config.sampling='rows'"
      )
  return Rule(rule, own, sizes, counts)


def quotas(
  sizes: Float[np.ndarray, 'sources'] | Int[np.ndarray, 'sources'],
  batch_size: int,
) -> tuple[int, ...]:
  """Divides a batch among sources, by largest remainders and at least 1 each.

  Args:
    sizes: the relative sizes of the sources.
    batch_size: rows of a batch.

  Raises:
    InputError: if there are more sources than rows.
  """
  if batch_size < len(sizes):
    raise InputError(
      f'config.batch_size is {batch_size}, and each of {len(sizes)} sources '
      "has a row in every batch; raise it, or set config.sampling='rows'"
    )
  exact = batch_size * np.asarray(sizes) / np.sum(sizes)
  found = np.maximum(np.floor(exact).astype(int), 1)
  while found.sum() < batch_size:
    found[np.argmax(exact - found)] += 1
  # Only where small sources were raised to 1.
  while found.sum() > batch_size:
    found[np.argmax(np.where(found > 1, found - exact, -np.inf))] -= 1
  return tuple(found.tolist())
