"""The files that a job writes, and the locks on them."""

from mtl_jax.records.lines import (
  append,
  digest,
  finished,
  flat,
  keep,
  read,
  sync,
  write_config,
)

__all__ = [
  'append',
  'digest',
  'finished',
  'flat',
  'keep',
  'read',
  'sync',
  'write_config',
]
