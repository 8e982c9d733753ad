"""The command that writes miniature files of a data set."""

import pathlib
import sys
from collections.abc import Callable

from mtl_jax.errors import InputError
from mtl_jax.plugins.options import Parser


def main(
  module: str,
  write: Callable[[pathlib.Path], None],
  arguments: list[str] | None = None,
) -> int:
  """Runs the command line of a data set: `--miniature=FOLDER`.

  Args:
    module: its dotted name.
    write: writes the miniature files into a folder.
    arguments: command-line arguments; None is `sys.argv`.

  Returns:
    The exit code: 0, or 2 after one line on stderr.
  """
  parser = Parser(prog=f'python -m {module}', description='Miniature files.')
  parser.add_argument(
    '--miniature', required=True, help='Folder for small random files.'
  )
  folder = pathlib.Path(parser.parse_args(arguments).miniature)
  name = module.rpartition('.')[2]
  try:
    if folder.exists() and any(folder.iterdir()):
      raise InputError(f'{folder} is not empty; name a new folder')
    folder.mkdir(parents=True, exist_ok=True)
    write(folder)
  except (InputError, OSError) as error:
    print(f'error: {error}', file=sys.stderr)
    return 2
  print(
    f'{folder} has random pictures; read them with --config.files={folder} '
    f'--config.datasets.{name}.published=False'
  )
  return 0
