"""Which schemes are trained with which balancers."""

import copy
from typing import Any

from mtl_jax import plugins


def expand(package: str, given: list[str]) -> list[str]:
  """Expands names: `all` is every name of the package.

  Args:
    package: `schemes` or `balancers`.
    given: names, or `['all']`.

  Returns:
    Distinct names, in order.
  """
  if given == ['all']:
    return plugins.names(f'mtl_jax.{package}')
  return [*dict.fromkeys(given)]


def combinations(
  schemes: list[str], balancers: list[str]
) -> list[tuple[str, str]]:
  """Pairs schemes and balancers; `single` with `equal` comes first.

  Args:
    schemes: names of schemes.
    balancers: names of balancers.

  Returns:
    Distinct pairs of a scheme and a balancer. `single` is paired with other
    balancers only if it is named and `equal` is not among them.
  """
  baseline = ('single', 'equal')
  if 'equal' in balancers or 'single' not in schemes:
    schemes = [s for s in schemes if s != 'single']
  pairs = [(s, b) for s in schemes for b in balancers]
  return list(dict.fromkeys([baseline, *pairs]))


def choose(config: Any, scheme: str, balancer: str) -> Any:
  """Copies a config and sets its scheme and balancer.

  Args:
    config: the config.
    scheme: name of the scheme.
    balancer: name of the balancer.
  """
  chosen = copy.deepcopy(config)
  chosen.scheme, chosen.balancer = scheme, balancer
  return chosen


def swept(config: Any) -> Any:
  """Copies a config for a sweep of many cells, which keep no models.

  Args:
    config: the config; where it says what to keep, that is kept.
  """
  chosen = copy.deepcopy(config)
  if chosen.keep == 'auto':
    chosen.keep = 'nothing'
  return chosen
