"""Trains cells and writes their records."""

from mtl_jax.run.table import check, reference, train, train_cell

__all__ = ['check', 'reference', 'train', 'train_cell']
