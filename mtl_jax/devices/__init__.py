"""Spreads runs and batches over devices."""

from mtl_jax.devices.compilation_cache import keep_programs
from mtl_jax.devices.sharding import (
  fetch,
  map_runs,
  place,
  take_rows,
  use_every_core,
  whole,
)

__all__ = [
  'fetch',
  'keep_programs',
  'map_runs',
  'place',
  'take_rows',
  'use_every_core',
  'whole',
]
