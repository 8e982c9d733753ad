"""Which schemes can be built with a data set and its encoder, found at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from experiments.claims import balance
from experiments.claims.asked import Asked
from mtl_jax import cells
from mtl_jax.api.combinations import choose
from mtl_jax.data.base import Data
from mtl_jax.errors import InputError


def checked(
  asked: Asked, datas: Sequence[Data], claims: Sequence[str], named: set[str]
) -> Asked:
  """Builds everything once, so that nothing fails after hours of training.

  Args:
    asked: the data set, and how large.
    datas: of one seed.
    claims: names of those that are measured.
    named: schemes that were asked for by name; others that cannot be built
      are left out, after a line on stderr.

  Returns:
    What is left to ask.

  Raises:
    InputError: something cannot be trained that was asked for by its name, or
      nothing is left.
  """
  config = asked.experiment.config.copy_and_resolve_references()
  config.seeds = len(datas)
  # In order, and each once.
  schemes = [
    *dict.fromkeys((*asked.schemes, *asked.curve_schemes, *asked.tuned_schemes))
  ]
  lost = set()
  for scheme in ('single', *schemes):
    try:
      _build(config, datas, scheme, 'equal')
    except InputError as error:
      if scheme in {'single', *named}:
        raise
      print(f'left out: {scheme}: {error}', file=sys.stderr)
      lost.add(scheme)
  for balancer in asked.balancers if 'balance' in claims else ():
    _build(config, datas, balance.SCHEME, balancer)
  return _without(asked, lost)


def _build(config: Any, datas: Sequence[Data], scheme: str, balancer: str):
  chosen = choose(config, scheme, balancer)
  cells.check(chosen)
  cells.make(chosen, [*datas])


def _without(asked: Asked, lost: set[str]) -> Asked:
  kept = {
    field: tuple(name for name in getattr(asked, field) if name not in lost)
    for field in ('schemes', 'curve_schemes', 'tuned_schemes')
  }
  if not all(kept.values()):
    raise InputError(
      'no scheme can be built with these settings; see the lines above'
    )
  return asked._replace(**kept)
