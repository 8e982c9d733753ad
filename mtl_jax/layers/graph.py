"""Features of the nodes of small graphs, dense, with padding."""

from typing import Any, NamedTuple

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mtl_jax.layers.matmul import matmul


class Graph(NamedTuple):
  """Features of padded graphs.

  Attributes:
    values: features of the nodes.
    mask: True where there is no padding.
    edges: arrays `[batch, nodes, nodes, ...]` of all ordered pairs. Stages read
      them and schemes leave them unchanged.
  """

  values: Float[Array, 'batch nodes channels']
  mask: Bool[Array, 'batch nodes']
  edges: Any


def pairs(mask: Bool[Array, 'batch nodes']) -> Bool[Array, 'batch n n']:
  """Which ordered pairs are two different nodes, none of them padding."""
  different = ~jnp.eye(mask.shape[1], dtype=bool)[None]
  return mask[:, :, None] & mask[:, None, :] & different


def messages(
  h: Float[Array, 'batch atoms channels'],
  hidden: Float[Array, 'batch atoms atoms edge'],
  kernel: Float[Array, 'channels edge width'],
) -> Float[Array, 'batch atoms width']:
  """`m_i = sum_j A(e_ij) h_j`; `A(e)` is linear in an edge's hidden units.

  The matrices, `A(e) = sum_k hidden_k(e) kernel_k`, are never made: the kernels
  are applied to atoms, not to pairs, which takes a twentieth of the operations.
  Gilmer et al., arXiv:1704.01212, section 5.1, has the matrices.

  Args:
    h: features of atoms.
    hidden: hidden units of pairs, divided by the number of senders.
    kernel: one matrix per hidden unit.

  Returns:
    Messages to each atom.
  """
  batch, atoms, _ = h.shape
  sent = matmul(h.reshape(batch * atoms, -1), kernel)  # [B L, E, C]
  sent = sent.reshape(batch, -1, kernel.shape[-1])  # [B, L E, C]
  return jnp.matmul(hidden.reshape(batch, atoms, -1), sent)


def gru(x: Array, state: Array, h: Array) -> Array:
  """One step of a GRU from both products, as `layers.GRU` has it."""
  reset, update, new = jnp.split(x, 3, axis=-1)
  reset_h, update_h, new_h = jnp.split(state, 3, axis=-1)
  new = jnp.tanh(new + nn.sigmoid(reset + reset_h) * new_h)
  keep = nn.sigmoid(update + update_h)
  return keep * h + (1 - keep) * new
