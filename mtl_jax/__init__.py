"""Multi-task architectures in JAX: which parameters should tasks share?

  import mtl_jax as mtl

  patients = mtl.frame(table, tasks=['outcome:binary', 'score:regression'])
  result = mtl.compare(patients, schemes=['hard', 'mmoe'])
  model = mtl.fit(patients, scheme='mmoe')
  model.predict(new_rows)

docs/python.md describes the functions. JAX is imported when one is first used.
"""

import importlib
from typing import Any

# Module and attribute of every public function; of a module that can be called
# itself, '' as attribute.
_PUBLIC = {
  'compare': ('mtl_jax.api.compare', 'compare'),
  'fit': ('mtl_jax.api.fit', 'fit'),
  'load': ('mtl_jax.models', 'load'),
  'interference': ('mtl_jax.interference', ''),
  'transfer': ('mtl_jax.api.transfer', 'transfer'),
  'frame': ('mtl_jax.data', 'frame'),
  'arrays': ('mtl_jax.data', 'arrays'),
  'read': ('mtl_jax.data.frames.reading', 'read'),
  'InputError': ('mtl_jax.errors', 'InputError'),
}

__all__ = [*_PUBLIC]


def __getattr__(name: str) -> Any:
  """Imports a public function when it is first used."""
  if name not in _PUBLIC:
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
  module, attribute = _PUBLIC[name]
  imported = importlib.import_module(module)
  return getattr(imported, attribute) if attribute else imported


def __dir__() -> list[str]:
  return sorted({*globals(), *__all__})
