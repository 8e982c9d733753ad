"""Grids of one data set under several optimizers and network sizes."""

import itertools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from mtl_jax.report.grid import factorial, grid, orders, variance

FACTORS = ('optimizer', 'size', 'scheme', 'balancer')
Variant = tuple[str, str]  # optimizer, size


class Variants(NamedTuple):
  """All grids, and the part of them without gaps.

  Attributes:
    grids: by optimizer and size; every combination has one.
    optimizers: in order.
    sizes: in order.
    part: `values` is Delta_m in percent of each entry against `single` of its
      own variant, `[optimizers, sizes, schemes, balancers, seeds]`.
  """

  grids: Mapping[Variant, grid.Grid]
  optimizers: list[str]
  sizes: list[str]
  part: grid.Part

  @property
  def first(self) -> grid.Grid:
    """The grid of the first variant: schemes, balancers and data of all."""
    return next(iter(self.grids.values()))

  @property
  def test_over_train(self) -> float | None:
    """Test rows over training rows for resplits; else None."""
    return self.first.test_over_train

  @property
  def known(self) -> bool:
    """Whether there are schemes, balancers and seeds enough for effects."""
    return min(self.part.values.shape) > 0 and min(self._averaged.shape) > 1

  @property
  def effects(self) -> factorial.Effects:
    """Of schemes and balancers on Delta_m, averaged over the variants."""
    return factorial.effects(self._averaged, self.test_over_train)

  @property
  def shares(self) -> list[variance.Share]:
    """Which part of the variance of one entry is due to what."""
    return variance.shares(self.part.values, FACTORS, self.test_over_train)

  @property
  def _averaged(self) -> np.ndarray:
    return self.part.values.mean((0, 1))

  def rankings(self) -> Iterator[tuple[str, str, str, orders.Tau]]:
    """Compares orders between the levels of optimizer and of size.

    Yields:
      What is ordered (`scheme` or `balancer`), two levels, and tau of their
      means over everything else.
    """
    for what, over in (('scheme', (1, 3)), ('balancer', (1, 2))):
      for i, names in enumerate((self.optimizers, self.sizes)):
        # [levels, other levels, schemes, balancers, seeds] -> [levels, kind, n]
        own = np.moveaxis(self.part.values, i, 0).mean(over)
        for a, b in itertools.combinations(range(len(names)), 2):
          tau = orders.agreement(own[a], own[b], self.test_over_train)
          yield what, names[a], names[b], tau


def make(grids: Mapping[Variant, grid.Grid]) -> Variants:
  """Joins the grids of all combinations of optimizers and sizes.

  Args:
    grids: with the same schemes and balancers in each.

  Raises:
    ValueError: a combination is missing.
  """
  optimizers, sizes = (
    [*dict.fromkeys(names)] for names in zip(*grids, strict=True)
  )
  order = [*itertools.product(optimizers, sizes)]
  if {*order} != {*grids}:
    raise ValueError(f'not all combinations of levels: {[*grids]}')
  grids = {variant: grids[variant] for variant in order}
  part = _part([*grids.values()], len(optimizers), len(sizes))
  return Variants(grids, optimizers, sizes, part)


def frame(variants: Variants) -> pd.DataFrame:
  """Returns a line per variant, scheme and balancer, as in grid.csv."""
  return pd.concat(
    [
      one.frame.assign(optimizer=optimizer, size=size)[
        ['optimizer', 'size', *grid.COLUMNS]
      ]
      for (optimizer, size), one in variants.grids.items()
    ],
    ignore_index=True,
  )


def _part(grids: list[grid.Grid], optimizers: int, sizes: int) -> grid.Part:
  """Pairs that all variants have, at the seeds that all of these have."""
  first, per_seed = grids[0], [grid.per_seed(one.cells) for one in grids]
  known = [
    [all((s, b) in own for own in per_seed) for b in first.balancers]
    for s in first.schemes
  ]
  rows, columns = factorial.complete(np.array(known))
  names = (
    [first.schemes[i] for i in rows],
    [first.balancers[j] for j in columns],
  )
  pairs = [*itertools.product(*names)]
  if not pairs:
    return grid.Part([], [], np.empty((optimizers, sizes, 0, 0, 0)))
  series = [own[pair] for own in per_seed for pair in pairs]
  together = pd.concat(series, axis=1, join='inner').sort_index().to_numpy().T
  shape = optimizers, sizes, len(rows), len(columns), -1
  return grid.Part(*names, together.reshape(shape))
