"""From cells to records: the loop, its clock and its files."""

from mtl_jax.run.table import check, reference, train, train_cell

__all__ = ['check', 'reference', 'train', 'train_cell']
