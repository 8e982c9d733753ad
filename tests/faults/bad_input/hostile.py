"""Files that stand where another kind of file is expected."""

import pathlib
import pickle


class Runs:
  """An object that writes a file when it is unpickled."""

  def __reduce__(self):
    return pathlib.Path.write_text, (pathlib.Path('ran'), 'x')


PICKLE = pickle.dumps(Runs())


def folder(path: pathlib.Path) -> None:
  """Makes a folder in the place of a file."""
  path.mkdir()


def link(path: pathlib.Path) -> None:
  """Makes a link to nothing."""
  path.symlink_to('nowhere')
