"""Cells of a table: a scheme and a balancer, with all seeds and settings."""

from mtl_jax.cells.build import check, data, stages
from mtl_jax.cells.cell import Cell, make
from mtl_jax.cells.chunks import Chunk
from mtl_jax.cells.headers import header

__all__ = ['Cell', 'Chunk', 'check', 'data', 'header', 'make', 'stages']
