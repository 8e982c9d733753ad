"""The files that a job writes, and the locks on them."""

from mtl_jax.records.lines import (
  append,
  cut,
  digest,
  finished,
  flat,
  read,
  sync,
  write_config,
)

__all__ = [
  'append',
  'cut',
  'digest',
  'finished',
  'flat',
  'read',
  'sync',
  'write_config',
]
