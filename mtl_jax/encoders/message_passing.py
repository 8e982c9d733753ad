"""Message passing over the pairs of atoms of a molecule.

Gilmer et al., ICML 2017, arXiv:1704.01212: matrices of the edges, a GRU and
set2set, as the published multi-task experiments on QM9 have it (Nash-MTL,
arXiv:2202.01017): 64 channels, three rounds that share their parameters, mean
messages, and three steps of set2set. Inputs differ: see `layers.molecules`.
"""

import functools
from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from mtl_jax import layers
from mtl_jax.errors import InputError
from mtl_jax.layers import graph, molecules

# Atomic numbers `[N, L]` of which 0 is padding; positions in angstrom
# `[N, L, 3]`; and, if they are given, partial charges `[N, L]`.
INPUTS = ('atoms', 'positions', 'charges')
WIDTHS = {'width': '', 'edge_width': ''}
READOUTS = ('set2set', 'mean', 'sum')
# Of a kernel [in, edges, out], whose first two axes are summed over.
START = nn.initializers.variance_scaling(
  1.0, 'fan_in', 'truncated_normal', in_axis=(0, 1)
)


class Embedding(nn.Module):
  """The graph of a molecule: a dense layer and ReLU of each atom's features.

  Attributes:
    width: number of channels of an atom.
  """

  width: int

  @nn.compact
  def __call__(self, x: Any, train: bool) -> layers.Graph:
    if not (isinstance(x, Mapping) and {'atoms', 'positions'} <= set(x)):
      raise ValueError(
        'message_passing takes a dict of atoms [rows, atoms] and positions '
        '[rows, atoms, 3], as of data set qm9; use encoder mlp for vectors, '
        'lenet for images, lstm for words'
      )
    atoms, mask = x['atoms'], x['atoms'] > 0
    edges = molecules.of_pairs(atoms, x['positions'])
    nodes = molecules.of_atoms(atoms, edges)
    if 'charges' in x:
      nodes = jnp.concatenate([nodes, x['charges'][..., None]], axis=-1)
    values = nn.relu(layers.Dense(self.width)(nodes))
    return layers.Graph(values * mask[..., None], mask, edges)


class Passing(nn.Module):
  """Rounds of messages with one set of parameters; each ends with a GRU.

  Attributes:
    width: number of channels of an atom.
    edge_width: hidden units of the network that makes a matrix of an edge.
    rounds: number of rounds.
  """

  width: int
  edge_width: int
  rounds: int

  @nn.compact
  def __call__(self, features, train):
    h, mask, edges = features
    # The last channel is 1: the bias of the matrices.
    hidden = nn.relu(layers.Dense(self.edge_width, name='edge')(edges))
    hidden = jnp.concatenate([hidden, jnp.ones_like(hidden[..., :1])], axis=-1)
    known = edges[..., 2:]  # 1 of a pair of atoms, 0 of padding
    count = jnp.maximum(known.sum(2, keepdims=True), 1)
    hidden = hidden * (known / count)
    shape = (h.shape[-1], self.edge_width + 1, self.width)
    kernel = self.param('kernel', START, shape)
    own = layers.Dense(self.width, name='self')
    gates = [
      layers.Dense(3 * self.width, name=name) for name in ('input', 'state')
    ]
    for _ in range(self.rounds):
      message = nn.relu(graph.messages(h, hidden, kernel) + own(h))
      h = graph.gru(
        *(gate(x) for gate, x in zip(gates, (message, h), strict=True)), h
      )
    return layers.Graph(h * mask[..., None], mask, edges)


class Readout(nn.Module):
  """One vector of a molecule, then a dense layer and ReLU.

  Attributes:
    width: number of channels.
    kind: set2set, or mean or sum of the atoms.
    queries: of set2set.
  """

  width: int
  kind: str
  queries: int

  @nn.compact
  def __call__(self, features, train):
    h, mask, _ = features
    if self.kind == 'set2set':
      vector = layers.Set2Set(self.queries, name='set2set')(h, mask)
    else:
      vector = (h * mask[..., None]).sum(1)
      if self.kind == 'mean':
        count = mask.sum(1, keepdims=True, dtype=h.dtype)
        vector = vector / jnp.maximum(count, 1)
    return nn.relu(layers.Dense(self.width, name='dense')(vector))


def make(
  width: int = 64,
  edge_width: int = 128,
  rounds: int = 3,
  tied: bool = True,
  readout: str = 'set2set',
  queries: int = 3,
) -> tuple:
  """Makes the stages: the embedding, the messages, and the read-out.

  Args:
    width: number of channels of an atom and of a molecule.
    edge_width: hidden units of the network that makes a matrix of an edge.
    rounds: rounds of messages.
    tied: whether rounds share their parameters, as published; they are one
      stage then. Otherwise each is a stage.
    readout: 'set2set', 'mean' or 'sum'.
    queries: of set2set.

  Returns:
    The module factories.

  Raises:
    ValueError: there is no such read-out, or a number is below 1.
  """
  if readout not in READOUTS:
    raise ValueError(f'readout {readout!r} is none of {", ".join(READOUTS)}')
  if min(width, edge_width, rounds, queries) < 1:
    raise ValueError(
      f'message_passing has width={width}, edge_width={edge_width}, '
      f'rounds={rounds}, queries={queries}; all of them are 1 or more'
    )
  each, count = (rounds, 1) if tied else (1, rounds)
  passing = functools.partial(Passing, width, edge_width, each)
  return (
    functools.partial(Embedding, width),
    *(passing,) * count,
    functools.partial(Readout, width, readout, queries),
  )


def infer(fields: Mapping[str, Any], inputs: list[Any]) -> dict[str, Any]:
  """Checks that the elements are known; no field depends on the data.

  Args:
    fields: of `make`, by name.
    inputs: all inputs of the data, in parts.

  Raises:
    InputError: an element has no covalent radius here.
  """
  del fields
  for x in inputs:
    if isinstance(x, Mapping) and (bad := molecules.check(x.get('atoms', []))):
      raise InputError(
        f'atoms have the atomic number {bad}, and encoder message_passing '
        f'knows {", ".join(map(str, molecules.RADII))}; leave such molecules '
        'out, or add its covalent radius to mtl_jax/layers/molecules.py'
      )
  return {}
