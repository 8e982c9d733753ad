"""Schemes run as at one step, and what they are compared with."""

import functools

import jax
import numpy as np

from mtl_jax.train import optimizers, schedules
from tests import small
from tests.schemes import plain


def layer(stage, h):
  """A stage of the mlp encoder, in plain numpy."""
  return np.maximum(plain.dense(stage['Dense_0'], h), 0)


def staged(tower):
  """One tower's parameters, laid out as shared stages."""
  return {f'shared_{name}': stage for name, stage in tower.items()}


def run(scheme, variables, x, key=None, step=0, steps=0, mask=None):
  """Predictions and records of a scheme; it trains if there is a key.

  With `steps` the scheme is given them, `step` and `mask`.
  """
  now = {'step': step} | ({} if mask is None else {'mask': mask})
  return jax.device_get(_run(scheme, steps, variables, x, key, now))


@functools.partial(jax.jit, static_argnums=(0, 1))
def _run(scheme, steps, variables, x, key, now):
  if steps:
    variables = variables | {'now': now | {'steps': steps}}
  rngs = {} if key is None else {'dropout': key, 'gates': key}
  out, recorded = scheme.apply(
    variables, x, key is not None, rngs=rngs, mutable=['intermediates']
  )
  return out, recorded.get('intermediates', {})


def start(scheme, x, seed=0):
  """Variables as a training begins with them."""
  return jax.device_get(small.begun(scheme, x, seed))


def close(actual, expected, tolerance=1e-4):
  """Asserts that one array per task agrees with the expected one."""
  for a, b in zip(actual, expected, strict=True):
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance / 10)


def differ(one, other):
  """Whether any number of two pytrees does."""
  leaves = zip(*map(jax.tree.leaves, (one, other)), strict=True)
  return any((a != b).any() for a, b in leaves)


def of_steps(system, steps):
  """The system with Adam, for a run of this number of steps."""
  constant = schedules.constant(steps)
  made = optimizers.make(*optimizers.adam(), constant, system.scheme, steps)
  return system._replace(optimizer=made, steps=steps)
