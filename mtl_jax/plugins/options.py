"""Options of small commands."""

import argparse
import sys
from typing import NoReturn


class Parser(argparse.ArgumentParser):
  """Reports a wrong option in one line, with exit code 2."""

  def error(self, message: str) -> NoReturn:
    """Ends the process; argparse would print the whole usage first."""
    print(f'error: {message}; see --help', file=sys.stderr)
    sys.exit(2)
