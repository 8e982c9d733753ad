"""Errors that the user can fix: one line with the fault and the remedy."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
  """Invalid input; a command prints the message and exits with code 2."""


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
