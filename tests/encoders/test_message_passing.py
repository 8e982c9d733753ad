"""Message passing: what must and must not change a prediction."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mtl_jax.encoders import message_passing
from mtl_jax.errors import InputError
from mtl_jax.layers import graph, molecules
from mtl_jax.schemes import base
from tests import small

quick = small.quick

MODULE = base.Encoder(small.stages('message_passing'))
# Methane, of the first molecule of QM9, and formaldehyde.
METHANE = (
  [6, 1, 1, 1, 1],
  [
    *([-0.0127, 1.0858, 0.0080], [0.0022, -0.0060, 0.0020]),
    *([1.0117, 1.4638, 0.0003], [-0.5408, 1.4475, -0.8766]),
    [-0.5238, 1.4379, 0.9064],
  ],
)
FORMALDEHYDE = (
  [6, 8, 1, 1],
  [[0, 0, 0], [0, 0, 1.21], [0, 0.94, -0.59], [0, -0.94, -0.59]],
)


def batch(*molecules, length=5):
  atoms = np.zeros((len(molecules), length), np.int8)
  positions = np.zeros((len(molecules), length, 3), np.float32)
  for i, (own, places) in enumerate(molecules):
    atoms[i, : len(own)], positions[i, : len(own)] = own, places
  return {'atoms': jnp.array(atoms), 'positions': jnp.array(positions)}


@functools.cache
def variables():
  params = small.params(MODULE, batch(METHANE))
  return {'params': jax.device_get(params)}


@functools.partial(jax.jit, static_argnums=0)
def apply(module, variables, x):
  return module.apply(variables, x, False)


def vectors(x):
  return np.asarray(apply(MODULE, variables(), x))


def test_neither_order_nor_place_of_atoms_changes_a_prediction():
  x = batch(METHANE, FORMALDEHYDE)
  # Padding moves among the atoms too.
  order = np.random.default_rng(0).permutation(5)
  moved = {k: v[:, order] for k, v in x.items()}
  turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
  placed = np.asarray(x['positions']) @ np.float32(turn) + np.float32(3)
  whole = vectors(x)
  assert np.ptp(whole, axis=0).max() > 1e-3
  small.close(vectors(moved), whole, 1e-4)
  small.close(vectors(x | {'positions': jnp.array(placed)}), whole, 1e-4)


def test_padding_changes_nothing_and_its_places_neither():
  x = batch(METHANE, FORMALDEHYDE)
  far = np.where(np.asarray(x['atoms'])[..., None] > 0, x['positions'], 1e3)
  whole = vectors(x)
  small.close(vectors(x | {'positions': jnp.array(far)}), whole)
  longer = apply(MODULE, variables(), batch(METHANE, FORMALDEHYDE, length=7))
  small.close(np.asarray(longer), whole)


def test_a_lone_row_an_atom_alone_and_a_row_of_padding_are_finite():
  alone = ([8], [[0.0, 0.0, 0.0]])
  x = batch(METHANE, alone, ([], np.zeros((0, 3))))
  whole = vectors(x)
  assert np.isfinite(whole).all()
  one = jax.tree.map(lambda leaf: leaf[:1], x)
  small.close(vectors(one), whole[:1])

  def loss(variables):
    return jnp.square(MODULE.apply(variables, x, True)).sum()

  gradient = jax.jit(jax.grad(loss))(variables())
  assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


def test_messages_equal_a_matrix_of_every_edge():
  draw = np.random.default_rng(0)
  h, hidden, kernel = (
    np.float32(draw.normal(size=shape))
    for shape in ((2, 3, 4), (2, 3, 3, 5), (4, 5, 6))
  )
  matrices = np.einsum('bije,ced->bijdc', hidden, kernel)
  expected = np.einsum('bijdc,bjc->bid', matrices, h)
  found = graph.messages(*map(jnp.array, (h, hidden, kernel)))
  small.close(np.asarray(found), np.float32(expected), 1e-4)


def test_features_say_bonds_and_hydrogens():
  x = batch(METHANE, FORMALDEHYDE)
  edges = np.asarray(molecules.of_pairs(x['atoms'], x['positions']))
  orders = edges[..., 0]
  np.testing.assert_allclose(orders[0, 0, 1:], 1, atol=0.15)  # C-H
  assert orders[1, 0, 1] == pytest.approx(2, abs=0.3)  # C=O
  assert not orders[0, 1:, 1:].any()  # no H-H
  assert not edges[1, 4].any()
  nodes = np.asarray(molecules.of_atoms(x['atoms'], jnp.array(edges)))
  # Element, atomic number, bonds, hydrogens.
  assert nodes[0, 0].tolist() == [0, 1, 0, 0, 0, 6, 4, 4]
  assert nodes[1, 0].tolist() == [0, 1, 0, 0, 0, 6, 3, 2]
  assert not nodes[1, 4].any()


def test_untied_rounds_are_stages():
  assert len(message_passing.make(rounds=3)) == 3
  assert len(message_passing.make(rounds=3, tied=False)) == 5


def test_fields_and_inputs_that_it_cannot_take():
  with pytest.raises(ValueError, match="'max' is none of set2set, mean, sum"):
    message_passing.make(readout='max')
  with pytest.raises(ValueError, match='rounds=0'):
    message_passing.make(rounds=0)
  with pytest.raises(InputError, match='atomic number 17, .* knows 1, 6, 7'):
    message_passing.infer({}, [{'atoms': np.array([[6, 17]])}])
  with pytest.raises(ValueError, match='takes a dict of atoms'):
    jax.eval_shape(
      lambda: MODULE.init(jax.random.key(0), small.inputs(), False)
    )
