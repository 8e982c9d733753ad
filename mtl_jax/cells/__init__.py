"""A cell of a table: one scheme with one balancer, all its seeds."""

from mtl_jax.cells.build import check, data, stages
from mtl_jax.cells.cell import Cell, Chunk, header, make

__all__ = ['Cell', 'Chunk', 'check', 'data', 'header', 'make', 'stages']
