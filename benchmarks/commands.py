"""Command lines of the scripts that write pages and figures.

They answer `--help` and misspelt options before JAX, pandas or matplotlib is
imported, and before a file is written.
"""

import argparse
import sys
from typing import NoReturn


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
