"""What a job leaves on disk, and who may write it."""

from mtl_jax.records.lines import (
  append,
  digest,
  finished,
  flat,
  read,
  write_config,
)

__all__ = [
  'append',
  'digest',
  'finished',
  'flat',
  'read',
  'write_config',
]
