"""Files that stand where another kind of file is expected."""

import pathlib
import pickle

from tests.faults.trust.hostile import Runs

PICKLE = pickle.dumps(Runs('ran'))


def folder(path: pathlib.Path) -> None:
  """Makes a folder in the place of a file."""
  path.mkdir()


def link(path: pathlib.Path) -> None:
  """Makes a link to nothing."""
  path.symlink_to('nowhere')
