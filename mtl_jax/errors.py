"""What a user can mend: one line that names the fault and the remedy."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
  """Bad input. The command line prints its message and exits with 2."""


def nearest(name: str, names: Iterable[str]) -> str:
  """`'hrad' -> "did you mean 'hard'? "`, then every valid name."""
  names = sorted(names)
  close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
  guess = f"did you mean '{close[0]}'? " if close else ''
  return f'{guess}valid: {", ".join(names)}'
