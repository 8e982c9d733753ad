"""Command lines of benchmarks, and of the scripts that write their pages.

They answer `--help` and misspelt options before JAX, pandas or matplotlib is
imported, and before a file is written.
"""

import argparse
import pathlib
import sys
from collections.abc import Iterable
from typing import NoReturn

from mtl_jax.errors import InputError, nearest


class Parser(argparse.ArgumentParser):
  """A parser that reports a wrong option in one line, with exit code 2."""

  def error(self, message: str) -> NoReturn:
    """Ends the process; argparse would print the whole usage first."""
    print(f'error: {message}; see --help', file=sys.stderr)
    sys.exit(2)


def parser(module: str, doc: str) -> Parser:
  """Returns the parser of a script.

  Args:
    module: what follows `python -m`, such as 'benchmarks.growth.page'.
    doc: the docstring of the script; `--help` prints it as it is.
  """
  return Parser(
    prog=f'python -m {module}',
    description=doc,
    formatter_class=argparse.RawDescriptionHelpFormatter,
    allow_abbrev=False,
  )


def check_preset(name: str, presets: Iterable[str]) -> None:
  """Checks the flag `--preset`.

  Args:
    name: its value.
    presets: the names that there are.

  Raises:
    InputError: there is no such preset; the message has the nearest name.
  """
  if name not in presets:
    raise InputError(f'--preset is {name!r}; {nearest(name, presets)}')


def make_folder(out: pathlib.Path) -> None:
  """Makes the folder of the results, before anything is trained.

  Args:
    out: the value of the flag `--out`.

  Raises:
    InputError: it cannot be made, such as where a file has its name.
  """
  try:
    out.mkdir(parents=True, exist_ok=True)
  except OSError as error:
    raise InputError(
      f'--out {out}: {error.strerror}; name a folder that can be written'
    ) from error
