"""Says whether a workdir is whole: nothing damaged, nothing missing.

  python -m experiments.check out/a

Verifies the digests of all files, and looks for cells that were begun and not
finished, runs without a result, models that were not kept, and tables older
than their cells. Takes workdirs, folders that hold several of them, and cells.
Changes nothing.

Prints the answer, then a line for each problem with its remedy. The exit code
is 0 if all is whole, 1 if not, and 2 if there is nothing to check.
"""

import os
import pathlib
import sys

from experiments import typed
from experiments.check import answer
from mtl_jax.errors import InputError

USAGE = 'name one or several workdirs, as in python -m experiments.check out/a'


def main(words: list[str]) -> int:
  """Checks folders and prints what was found.

  Args:
    words: the folders.

  Returns:
    0 if all of them are whole, otherwise 1.

  Raises:
    InputError: a folder holds no cells.
  """
  if not words:
    raise InputError(USAGE)
  found = [folder for word in words for folder in workdirs(pathlib.Path(word))]
  checked = [answer.of(folder) for folder in found]
  print('\n\n'.join(map(answer.text, checked)))
  return int(any(own.problems for own in checked))


def workdirs(folder: pathlib.Path) -> list[pathlib.Path]:
  """Returns the workdirs in a folder: itself, those below it, or a cell.

  Raises:
    InputError: there is none.
  """
  if not folder.is_dir():
    raise InputError(f'{folder}: no such folder; {USAGE}')
  if answer.is_cell(folder):
    return [folder]
  found = []
  for path, names, _ in os.walk(folder):
    if 'cells' in names:
      found.append(pathlib.Path(path))
      names.remove('cells')  # Cells hold no workdirs.
  if not found:
    raise InputError(f'{folder} has no cells: it is no workdir; {USAGE}')
  return sorted(found)


if __name__ == '__main__':
  sys.exit(typed.run(main))
