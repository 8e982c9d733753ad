"""Numbers that are tuned are fields of their method, fixed or traced."""

import functools
import importlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax import plugins
from mtl_jax.api import draws
from mtl_jax.balancers.base import Range
from mtl_jax.train import balancing, task_gradients
from tests import small

quick = small.quick

TUNED = [name for name in small.BALANCERS if draws.ranges(name)]
LOSSES = jnp.array([2.0, 0.5, 1.0])
ROWS = jnp.array([[3.0, 0, -1, 2], [-2, 1, 1, -3], [-1, -2, 2, 1]])
FALL = jnp.array([0.9, 0.8, 0.7])  # of losses and gradients, per step


def make(name, **fields):
  return importlib.import_module(f'mtl_jax.balancers.{name}').make(**fields)


def updates(name, numbers):
  """The shared updates of three steps."""
  method, hp = make(name, **numbers), small.hp()
  state = balancing.start(method, 'shared', 3, {'shared': ROWS[0]})
  found = []
  for i in range(3):
    rows = ROWS * FALL[:, None] ** i
    back = functools.partial(lambda g, w, _: ({'shared': w @ g}, ()), rows)
    passes = [
      task_gradients.ForwardPass(LOSSES * FALL**i, (), back)
    ] * method.n_batches
    one = balancing.combine(
      method, 'shared', hp, passes, state, jax.random.key(i)
    )
    state = one.balance
    if method.after:
      state = method.after(passes[0].losses, LOSSES * FALL ** (i + 1), state)
    found.append(one.grads['shared'])
  return jnp.stack(found)


@pytest.mark.parametrize('name', TUNED)
def test_ranges_are_of_fields_and_hold_valid_values(name):
  fields = plugins.fields(
    importlib.import_module(f'mtl_jax.balancers.{name}').make
  )
  for key, space in draws.ranges(name).items():
    assert key in fields
    for value in space[:2] if isinstance(space, Range) else space:
      make(name, **{key: value})


@pytest.mark.parametrize('name', TUNED)
def test_a_traced_number_does_what_a_fixed_one_does(name):
  ranges = draws.ranges(name)
  low, high = (
    {k: float(r[end]) for k, r in ranges.items() if isinstance(r, Range)}
    for end in (0, 1)
  )
  if not low:
    pytest.skip('its choices are no numbers')
  traced = jax.jit(lambda numbers: updates(name, numbers))
  np.testing.assert_allclose(
    traced(low), jax.jit(lambda: updates(name, low))(), rtol=1e-4, atol=1e-5
  )
  if name not in ('dwa', 'stch'):  # which act from their third epoch on
    assert np.abs(traced(low) - traced(high)).max() > 1e-5
