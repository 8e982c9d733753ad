"""Data sets, encoders, schemes etc. are files that are chosen by name."""

from mtl_jax.plugins.by_name import (
  check_fields,
  check_name,
  fields,
  find,
  names,
)

__all__ = ['check_fields', 'check_name', 'fields', 'find', 'names']
