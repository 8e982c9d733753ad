"""Things that are chosen by the name of a file, ours or the user's."""

from mtl_jax.plugins.by_name import (
  check_fields,
  check_name,
  fields,
  find,
  names,
)

__all__ = ['check_fields', 'check_name', 'fields', 'find', 'names']
