"""Parameters and products of every scheme, against closed forms.

Vectors of 5, layers of 6 and 4 channels, three tasks with 1, 3 and 1 outputs.
"""

import functools

import jax
import pytest

from mtl_jax.resources import costs
from tests import small

K, E, B = 3, 4, 8  # tasks, experts, rows
D, A, C = 5, 6, 4  # inputs, channels of both layers
OUT = 5  # of all heads
LAYERS = (D * A + A, A * C + C)
TOWER, HEADS = sum(LAYERS), OUT * (C + 1)
MIXED = A + C  # channels behind the stages


def bottleneck(c, r=4):
  return c * r + r + r * c + c


PARAMETERS = {
  'single': K * TOWER + HEADS,
  'soft_l2': K * TOWER + HEADS,
  'soft_trace': K * TOWER + HEADS,
  'hard': TOWER + HEADS,
  'task_routing': TOWER + HEADS,
  'film': TOWER + HEADS + 2 * K * MIXED,
  'adapters': TOWER + HEADS + K * (bottleneck(A) + bottleneck(C)),
  'cross_stitch': K * TOWER + HEADS + K * K * MIXED,
  'sluice': K * TOWER + HEADS + 2 * (2 * K) ** 2 + K,
  'nddr': K * TOWER + HEADS + K * K * (A * A + C * C) + 2 * K * MIXED,
  'dmtrl': K * (D * A + A * C + MIXED) + HEADS + 2 * K * K,
  'mmoe': E * TOWER + HEADS + K * D * E,
  'omoe': E * TOWER + HEADS + D * E,
  'dselect_k': E * TOWER + HEADS + K * 2 * (2 + 1),
  'moore': E * TOWER + HEADS + K * E,
  'cgc': (K + 1) * TOWER + HEADS + K * D * 2,
  'ple': (K + 1) * TOWER + HEADS + K * (D + A) * 2 + D * (K + 1),
  'snr': E * TOWER + HEADS + E * E + K * E,
  'ltb': K * TOWER + HEADS + 2 * K * K,
  # Two products and two scales and shifts per mask; one way to carry on.
  'mtan': TOWER
  + HEADS
  + K * (2 * A * A + 4 * A + 2 * C * C + C * C + 4 * C)
  + A * C
  + 2 * C,
  # Layers of 3 and 2 channels.
  'shared_private': (K + 1) * (3 * (D + 1) + 2 * (3 + 1)) + HEADS,
  # Layers of 6 and 6, so that the second can be skipped.
  'adashare': A * (D + 1) + A * (A + 1) + OUT * (A + 1) + 2 * K,
}

FIRST, SECOND, READ = D * A, A * C, OUT * C  # products of a row, halved
PRODUCTS = {
  'single': K * (FIRST + SECOND) + READ,
  'soft_l2': K * (FIRST + SECOND) + READ,
  'soft_trace': K * (FIRST + SECOND) + READ,
  'hard': FIRST + SECOND + READ,
  # The first layer reads what all tasks share.
  'task_routing': FIRST + K * SECOND + READ,
  'film': FIRST + K * SECOND + READ,
  'adapters': FIRST + K * (SECOND + 2 * 4 * MIXED) + READ,
  'cross_stitch': K * (FIRST + SECOND) + READ,
  'sluice': K * (FIRST + SECOND) + READ + (2 * K) ** 2 * MIXED / 2,
  'nddr': K * (FIRST + SECOND) + READ + K * K * (A * A + C * C),
  'dmtrl': K * (FIRST + SECOND) + READ + K * K * (FIRST + SECOND) / B,
  'mmoe': E * (FIRST + SECOND) + READ + K * D * E,
  'omoe': E * (FIRST + SECOND) + READ + D * E,
  'dselect_k': E * (FIRST + SECOND) + READ,
  'moore': E * (FIRST + SECOND) + READ + K * E * C,
  'cgc': (K + 1) * (FIRST + SECOND) + READ + K * D * 2,
  'ple': (K + 1) * (FIRST + SECOND + D) + READ + K * (D + A) * 2,
  'snr': E * (FIRST + SECOND) + READ + E * E * A + K * E * C,
  'ltb': K * (FIRST + SECOND) + READ + K * K * MIXED,
  'mtan': FIRST
  + SECOND
  + READ
  + K * (2 * A * A + 2 * C * C + C * C)
  + K * A * C,
  'shared_private': (K + 1) * (3 * D + 3 * 2) + READ,
  'adashare': FIRST + K * A * A + OUT * A,
}


def params(name):
  scheme = small.scheme(name)
  start = functools.partial(scheme.init, jax.random.key(0), train=False)
  return scheme, jax.eval_shape(start, small.inputs())


def resized(name):
  """These are as large as another scheme, see test_capacity.py."""
  return name in ('hard_wide', 'single_small')


@pytest.mark.parametrize('name', [n for n in small.SCHEMES if not resized(n)])
def test_parameters_are_as_the_closed_form_says(name):
  _, variables = params(name)
  assert costs.parameters(variables['params']) == PARAMETERS[name]


@pytest.mark.parametrize('name', [n for n in small.SCHEMES if not resized(n)])
def test_products_are_as_the_closed_form_says(name):
  scheme, variables = params(name)
  apply = functools.partial(scheme.apply, train=False)
  jaxpr = jax.make_jaxpr(apply)(variables, small.inputs())

  def products(equation):
    is_one = equation.primitive.name in costs._PRODUCTS
    return costs._operations(equation) if is_one else 0

  assert costs._count(products, jaxpr.jaxpr) == 2 * B * PRODUCTS[name]
