"""Three kinds of damage to a file."""

import os
import pathlib
import random

KINDS = ('truncated', 'one bit flipped', 'empty')


def damage(path: pathlib.Path, kind: str, rng: random.Random) -> bytes:
  """Damages a file.

  Args:
    path: of the file; an empty file stays as it is.
    kind: one of `KINDS`.
    rng: draws where.

  Returns:
    The new content.
  """
  content = bytearray(path.read_bytes())
  if kind == 'empty':
    content.clear()
  elif kind == 'truncated':
    del content[rng.randrange(len(content)) if content else 0 :]
  elif content:
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
  path.write_bytes(content)
  return bytes(content)


def forget_reading(path: pathlib.Path) -> None:
  """Sets the time of the last access before that of the last change.

  Linux then records the next access (relatime), see `was_read`.
  """
  os.utime(path, (1, path.stat().st_mtime))


def was_read(path: pathlib.Path) -> bool:
  """Whether a file was read since `forget_reading`, or is another one now."""
  return not path.exists() or path.stat().st_atime != 1
