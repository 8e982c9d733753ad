"""Updates of the package under the names that `torchjd_program` uses."""

import importlib
from unittest import mock

import jax.numpy as jnp

from mtl_jax.balancers import graddrop, gradvac, pcgrad, sdmgrad_stochastic

REGARD, GAMMA, RATE, BETA = 0.3, 0.01, 0.1, 0.5  # as in `torchjd_program`


def weighs(name, **fields):
  """The update of a method that has no state."""
  method = importlib.import_module(f'mtl_jax.balancers.{name}').make(**fields)

  def run(rows):
    losses = jnp.ones(len(rows), rows.dtype)
    return method.update(losses, rows @ rows.T, (), None)[0] @ rows

  return run


def twice(name, **fields):
  """The update of a second step, after one on the tasks in reverse order."""
  method = importlib.import_module(f'mtl_jax.balancers.{name}').make(**fields)

  def run(rows):
    losses, state = jnp.ones(len(rows), rows.dtype), method.init(len(rows))
    for given in (rows[::-1], rows):
      weights, state = method.update(losses, given @ given.T, state, None)
    return weights @ rows

  return run


def in_order(size):
  return jnp.tile(jnp.arange(size), (size, 1))


def surgery(rows):
  return pcgrad.project(rows @ rows.T, in_order(len(rows))) @ rows


def vaccine(rows):
  targets = jnp.zeros((len(rows), len(rows)), rows.dtype)
  for given in (rows[::-1], rows):
    gram, order = given @ given.T, in_order(len(rows))
    weights, targets = gradvac.align(gram, order, targets, BETA)
  return weights @ rows


def dropout(rows):
  return graddrop.drop(rows, jnp.linspace(0.1, 0.9, rows.shape[1]), 0.0)


def stochastic(rows):
  """At a lower rate: at 5 each step multiplies rounding errors."""
  with mock.patch.object(sdmgrad_stochastic, 'RATE', 0.1):
    return twice('sdmgrad_stochastic', regard=REGARD)(rows)


def excess(rows):
  method = importlib.import_module('mtl_jax.balancers.excess_mtl').make(RATE)
  state = method.init(len(rows), rows[0])
  for given in (rows[::-1], rows):
    update, state = method.update(None, given, state, None)
  return update


# Per method the package's update, and the factor of the published update for K
# tasks; None where only the direction is comparable.
METHODS = {
  'equal': (weighs('equal'), lambda k: 1),
  'mgda': (weighs('mgda'), lambda k: k),
  'pcgrad': (surgery, lambda k: 1),
  'gradvac': (vaccine, lambda k: 1),
  'graddrop': (dropout, lambda k: 1),
  'cagrad': (weighs('cagrad', c=0.4), lambda k: k / 1.4),
  'imtl_g': (weighs('imtl_g'), lambda k: k),
  'nash_mtl': (weighs('nash_mtl'), None),
  'fairgrad 0.5': (weighs('fairgrad', alpha=0.5), None),
  'fairgrad 2': (weighs('fairgrad', alpha=2.0), None),
  'aligned_mtl min': (weighs('aligned_mtl', scale='min'), lambda k: k),
  'aligned_mtl median': (weighs('aligned_mtl', scale='median'), lambda k: k),
  'aligned_mtl rmse': (weighs('aligned_mtl', scale='rmse'), lambda k: k),
  'upgrad': (weighs('upgrad'), lambda k: k),
  'dualproj': (weighs('dualproj'), lambda k: k),
  'conflict_free': (weighs('conflict_free'), lambda k: 1),
  'sdmgrad': (weighs('sdmgrad', regard=REGARD), lambda k: k),
  'sdmgrad_stochastic': (stochastic, lambda k: k),
  'modo': (twice('modo', gamma=GAMMA, regard=0.1), lambda k: k),
  'excess_mtl': (excess, lambda k: k),
}
