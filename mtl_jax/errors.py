"""Errors that the user can fix: one line with the fault and the remedy."""

import difflib
import pathlib
import traceback
from collections.abc import Iterable


class InputError(ValueError):
  """Invalid input; a command prints the message and exits with code 2.

  Line breaks and other characters that cannot be printed, which names and cells
  of the user's may hold, are escaped: the message is one line.
  """

  def __init__(self, text: str = ''):
    super().__init__(''.join(map(_printable, str(text))))


def _printable(character: str) -> str:
  return character if character.isprintable() else repr(character)[1:-1]


def nearest(name: str, names: Iterable[str]) -> str:
  """Suggests the valid name that is most similar to an unknown one.

  Args:
    name: the unknown name.
    names: valid names.

  Returns:
    Text for an error message, such as "did you mean 'hard'? valid: hard, mmoe";
    without the question if no name is similar.
  """
  names = sorted(names)
  close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
  guess = f"did you mean '{close[0]}'? " if close else ''
  return f'{guess}valid: {", ".join(names)}'


def raised(error: BaseException) -> str:
  """Describes in one line what the user's code has raised, and where.

  Args:
    error: as it was caught.

  Returns:
    Text for an error message, such as "NameError: name 'x' is not defined
    (mine.py, line 3)".
  """
  if isinstance(error, SyntaxError):
    text, file, line = error.msg, error.filename, error.lineno
  else:
    text = str(error)
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not f.filename.startswith('<frozen')]
    file, line = (own[-1].filename, own[-1].lineno) if own else ('', 0)
  where = f' ({pathlib.Path(file).name}, line {line})' if file else ''
  text = ' '.join(f'{type(error).__name__}: {text}'.split())
  return f'{text[:300].rstrip(" :")}{where}'
