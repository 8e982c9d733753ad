"""The rows of a tuned table: which scheme and balancer each one trains."""

import copy
from typing import Any, NamedTuple


class Method(NamedTuple):
  """A method to tune, one row of the table.

  Attributes:
    row: names of scheme and balancer under which the table shows it.
    scheme: its sharing scheme.
    balancer: its loss balancer.
    weighs: whether task weights are drawn.
  """

  row: tuple[str, str]
  scheme: str
  balancer: str
  weighs: bool = False

  @property
  def name(self) -> str:
    """The row in one word."""
    scheme, balancer = self.row
    plain = balancer in ('', 'equal')
    return scheme if plain else f'{scheme} + {balancer}'


def of_pairs(pairs: list[tuple[str, str]]) -> list[Method]:
  """Returns a method for each pair of a scheme and a balancer."""
  return [Method(pair, *pair) for pair in pairs]


def of_balancers(scheme: str, balancers: list[str]) -> list[Method]:
  """Returns the baselines and every balancer with a scheme.

  Args:
    scheme: the scheme of all methods but `single`.
    balancers: names of balancers, which name the rows.
  """
  static = Method(('static', 'equal'), scheme, 'equal', weighs=True)
  others = [b for b in balancers if b != 'equal']
  return [
    Method(('single', 'equal'), 'single', 'equal'),
    Method(('equal', 'equal'), scheme, 'equal'),
    static,
    *(Method((name, 'equal'), scheme, name) for name in others),
  ]


def configured(config: Any, method: Method) -> Any:
  """Copies a config and sets its scheme and balancer to those of a method."""
  config = copy.deepcopy(config)
  config.scheme, config.balancer = method.scheme, method.balancer
  return config
