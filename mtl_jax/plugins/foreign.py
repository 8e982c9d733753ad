"""Names of modules that come with data rather than from the user.

A stored model names the modules that it was trained with. Those that lie in its
own folder, or beside it, came with it: they may be anybody's, and importing one
would run it.
"""

import pathlib
import sys
from collections.abc import Iterable

from mtl_jax.errors import InputError


def check(names: Iterable[str], folder: pathlib.Path) -> None:
  """Refuses modules that came with a folder.

  Args:
    names: dotted paths, and names of this package's own files, which are
      passed over like modules that are loaded already.
    folder: that names them.

  Raises:
    InputError: a module's outermost package holds the folder or is in it.
  """
  for name in names:
    outermost = name.partition('.')[0]
    # What is in a package that is loaded is looked for there and nowhere else.
    loaded = getattr(sys.modules.get(outermost), '__file__', None)
    if '.' not in name or name in sys.modules or loaded:
      continue
    if package := _beside(outermost, folder.resolve()):
      raise InputError(
        f'{folder} names the module {name!r}, which lies with it in {package} '
        'and is not imported: it may run anything; if it is yours, import it '
        'first, or move the folder out of there'
      )


def _beside(package: str, folder: pathlib.Path) -> pathlib.Path | None:
  for root in sys.path:
    place = pathlib.Path(root, package).resolve()
    if folder.is_relative_to(place):
      return place
    if place.is_dir() and place.is_relative_to(folder):
      return place
  return None
