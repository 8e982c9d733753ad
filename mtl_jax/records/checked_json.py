"""JSON that carries a digest of itself, so that damage to it is noticed.

A file or a line has one more key, `check`. A file without one, of an earlier
version, is read as it is.
"""

import hashlib
import json
import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

from mtl_jax.errors import InputError
from mtl_jax.records import atomic

CHECK = 'check'  # the last key
DIGITS = 12
BAD = 'its content does not fit its digest'


class Problem(NamedTuple):
  """A file that cannot be used.

  Attributes:
    path: of the file.
    what: what is wrong with it, after "it is damaged:".
    remedy: what the user can do.
  """

  path: pathlib.Path
  what: str
  remedy: str

  def __str__(self) -> str:
    return f'{self.path} is damaged ({self.what}); {self.remedy}'


class DamagedError(InputError):
  """A file is not as it was written.

  Args:
    problem: which file, and the remedy.
  """

  def __init__(self, problem: Problem):
    super().__init__(str(problem))
    self.problem = problem


def digest(what: Any) -> str:
  """Returns 12 hex digits of the SHA-256 of `what`, a value JSON can hold."""
  text = json.dumps(what, sort_keys=True, separators=(',', ':'))
  return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def with_check(content: dict) -> dict:
  """Adds the digest of all other keys as the last key."""
  rest = {k: v for k, v in content.items() if k != CHECK}
  # As JSON will give it back: keys are text there, and tuples lists.
  return {**rest, CHECK: digest(json.loads(json.dumps(rest)))}


def without_check(content: Any) -> Any:
  """Verifies and removes the digest that `with_check` has added.

  Args:
    content: of a JSON file; without a digest it is returned as it is.

  Raises:
    ValueError: the digest does not fit.
  """
  if not isinstance(content, dict) or not content:
    return content
  *keys, last = content
  rest = {key: content[key] for key in keys}
  fits = isinstance(content[last], str) and content[last] == digest(rest)
  # The key itself may be what is damaged: then the digest fits nevertheless.
  if (last == CHECK) != fits:
    raise ValueError(BAD)
  return rest if fits else content


def text(content: dict, indent: int | None = 2) -> str:
  """Returns the text of a JSON file with a digest."""
  return json.dumps(with_check(content), indent=indent) + '\n'


def write(path: pathlib.Path, content: dict, indent: int | None = 2) -> None:
  """Writes a JSON file with a digest; a reader sees a whole file or none.

  Args:
    path: of the file; its folder is made if it is missing.
    content: what JSON can hold.
    indent: as in `json.dumps`.

  Raises:
    OSError: the file cannot be written.
  """
  atomic.write(path, text(content, indent))


def read(path: pathlib.Path, remedy: str) -> Any:
  """Reads a JSON file, and verifies its digest if it has one.

  Args:
    path: of the file.
    remedy: what the user can do where it is damaged.

  Returns:
    The content without its digest.

  Raises:
    FileNotFoundError: there is no such file.
    DamagedError: it is empty, cut off or changed.
  """
  path = pathlib.Path(path)
  return parsed(path, path.read_bytes(), remedy, lambda c: without_check(c))


def parsed(
  path: pathlib.Path, content: bytes, remedy: str, verify: Callable
) -> Any:
  """Parses JSON; see `read`. `verify` takes and returns the parsed value."""
  try:
    return verify(json.loads(content.decode('utf-8')))
  except (ValueError, RecursionError) as error:
    raise DamagedError(Problem(path, why(content, error), remedy)) from error


def why(content: bytes, error: Exception) -> str:
  """Says in a few words what is wrong with the content of a file."""
  if not content:
    return 'it is empty'
  return BAD if str(error) == BAD else 'it is no JSON'
