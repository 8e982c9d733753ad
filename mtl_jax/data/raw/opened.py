"""Reads a file of a user's download: bare, compressed, or in an archive."""

import pathlib
from collections.abc import Iterable

from mtl_jax.data.raw.unpacked import DAMAGED, Budget
from mtl_jax.errors import InputError

DEEPEST = 3  # archives inside each other; one may hold itself


def find(
  folder: pathlib.Path, name: str, archives: Iterable[str], remedy: str
) -> tuple[pathlib.Path, bytes]:
  """Reads a file, wherever it is in a folder.

  Args:
    folder: of the download.
    name: of the file; `name.gz` is accepted too.
    archives: names of tar and zip archives that may have the file, also inside
      another of these archives.
    remedy: what to do if the file is nowhere, for the message.

  Returns:
    The path of the file or of its archive, and the bytes of the file.

  Raises:
    InputError: the file is nowhere, or what has it is damaged or unpacks to
      more than `unpacked.LARGEST`.
  """
  archives = tuple(archives)
  for path in (folder / n for n in (name, f'{name}.gz', *archives)):
    if not path.is_file():
      continue
    try:
      budget = Budget()
      data = budget.file(path)
      data = _taken(path.name, data, name, archives, budget)
    except DAMAGED as error:
      raise InputError(
        f'{path} is cut or damaged ({_line(error)}); download it again'
      ) from error
    if data is not None:
      return path, data
  names = ', '.join((name, f'{name}.gz', *archives))
  raise InputError(f'{folder} has none of {names}; {remedy}')


def _taken(
  own: str, data: bytes, name: str, archives, budget: Budget, depth: int = 0
) -> bytes | None:
  """Returns the file out of the bytes of what is called `own`, or None."""
  if own == name:
    return data
  if own == f'{name}.gz':
    return budget.gunzip(data)
  if depth == DEEPEST:
    raise ValueError(f'more than {DEEPEST} archives are inside each other')
  wanted = {name, f'{name}.gz', *archives}
  members = budget.members(data, lambda member: _base(member) in wanted)
  found = (
    _taken(_base(member), raw, name, archives, budget, depth + 1)
    for member, raw in members
  )
  return next((one for one in found if one is not None), None)


def _base(member: str) -> str:
  return pathlib.PurePosixPath(member).name


def _line(error: Exception) -> str:
  return ' '.join(str(error).split()) or type(error).__name__
