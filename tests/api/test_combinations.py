"""Which pairs of a scheme and a balancer a table has."""

import pytest

from mtl_jax import plugins
from mtl_jax.api import combinations


def test_single_joins_and_takes_equal_weights_alone():
  assert combinations.combinations(['hard'], ['equal', 'pcgrad']) == [
    ('single', 'equal'), ('hard', 'equal'), ('hard', 'pcgrad')
  ]  # fmt: skip
  assert combinations.combinations(['single', 'hard'], ['equal', 'pcgrad']) == [
    ('single', 'equal'), ('hard', 'equal'), ('hard', 'pcgrad')
  ]  # fmt: skip
  # Asked for by name with a Gram balancer alone, it is tried, and refused.
  assert ('single', 'pcgrad') in combinations.combinations(
    ['single'], ['pcgrad']
  )


@pytest.mark.parametrize('package', ['schemes', 'balancers'])
def test_all_is_every_name_and_a_name_counts_once(package):
  names = plugins.names(f'mtl_jax.{package}')
  assert combinations.expand(package, ['all']) == names
  assert combinations.expand(package, [names[1], names[0], names[1]]) == [
    names[1],
    names[0],
  ]
