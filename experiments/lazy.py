"""Lazy imports: a module is executed when it is first used.

JAX, pandas and matplotlib take seconds to import, and `--help`, a misspelt flag
or an unknown name must be answered without them.
"""

import contextlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec

PACKAGES = ('mtl_jax.', 'experiments.', 'benchmarks.')


@contextlib.contextmanager
def imports() -> Iterator[None]:
  """Defers the execution of modules of this repository inside the context.

  A module is executed on its first attribute access, by
  `importlib.util.LazyLoader`. The `import` statements remain ordinary ones for
  readers and type checkers.

  Inside, `from package import module` defers both, whereas `from package.module
  import name` executes the package and the module at once.
  """
  finder = _Finder()
  sys.meta_path.insert(0, finder)
  try:
    yield
  finally:
    sys.meta_path.remove(finder)


class _Finder:
  """Finds modules by the other finders and makes their loaders lazy."""

  def find_spec(
    self, name: str, path: Sequence[str] | None = None, target=None
  ) -> ModuleSpec | None:
    if not name.startswith(PACKAGES):
      return None
    for other in sys.meta_path:
      spec = None if other is self else other.find_spec(name, path, target)
      # A namespace package has no loader.
      if spec and spec.loader:
        spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec
    return None
