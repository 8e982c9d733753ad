"""Modules that run when they are first used: a command answers at once.

JAX, pandas and matplotlib take seconds to import, and `--help`, a misspelt flag
and an unknown name need none of them.
"""

import contextlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec

OURS = ('mtl_jax.', 'experiments.', 'benchmarks.')


@contextlib.contextmanager
def imports() -> Iterator[None]:
  """Inside, importing a module of ours only finds it.

  It is run when an attribute is asked for, as `importlib.util.LazyLoader` does;
  `import` statements stay what they are for readers and checkers.
  """
  finder = _Finder()
  sys.meta_path.insert(0, finder)
  try:
    yield
  finally:
    sys.meta_path.remove(finder)


class _Finder:
  """Finds as the finders behind it do, and puts off what they would run."""

  def find_spec(
    self, name: str, path: Sequence[str] | None = None, target=None
  ) -> ModuleSpec | None:
    if not name.startswith(OURS):
      return None
    for other in sys.meta_path:
      found = None if other is self else other.find_spec(name, path, target)
      if found and found.loader:
        found.loader = importlib.util.LazyLoader(found.loader)
        return found
    return None
