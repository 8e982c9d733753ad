"""Arrays that took long to read or decode, cached in a file with its digest."""

import pathlib
import sys
import zipfile
from collections.abc import Callable

import numpy as np

from mtl_jax.errors import InputError
from mtl_jax.records import atomic, digests, disk

Arrays = dict[str, np.ndarray]


def arrays(path: pathlib.Path, make: Callable[[], Arrays]) -> Arrays:
  """Reads what is cached, or makes and caches it.

  Args:
    path: of the file, an npz.
    make: called where there is none, or a damaged one, which is said.

  Returns:
    The arrays. In a folder that cannot be written to they are not cached, which
    is said, and every call makes them anew.
  """
  table = _cached(path)
  if table is None:
    table = make()
    _cache(path, table)
  return table


def _cache(path: pathlib.Path, table: Arrays) -> None:
  try:
    path.parent.mkdir(parents=True, exist_ok=True)
    digests.forget(path)
    atomic.write(path, lambda file: np.savez(file, **table))
    digests.write_beside(path)
  except OSError as error:
    print(
      f'decoded data are not cached in {path.parent}: {disk.reason(error)}',
      file=sys.stderr,
    )


def _cached(path: pathlib.Path) -> Arrays | None:
  try:
    if not path.exists():
      return None
    digests.verify(path)
    with np.load(path, allow_pickle=False) as saved:
      return dict(saved)
  # NumPy raises an EOFError for an empty file, of a version without digests.
  except (
    *(InputError, OSError, EOFError, ValueError),
    zipfile.BadZipFile,
  ) as error:
    what = getattr(error, 'problem', None)
    why = f'is damaged ({what.what})' if what else 'cannot be read'
    print(f'{path} {why} and is made anew', file=sys.stderr)
    return None
