"""Trains cells and writes their records."""

from mtl_jax.run.table import (
  check,
  finished,
  reference,
  train,
  train_cell,
)

__all__ = ['check', 'finished', 'reference', 'train', 'train_cell']
