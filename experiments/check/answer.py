"""What a workdir lacks, as text with the answer first."""

import pathlib
from typing import NamedTuple

from mtl_jax.records import digests, incomplete, made
from mtl_jax.records.digests import Problem

HEADER = 'where', 'what', 'remedy'


class Checked(NamedTuple):
  """A folder and what was found in it.

  Attributes:
    folder: a workdir, or a cell.
    cells: number of cells that were checked.
    problems: one per file or cell.
  """

  folder: pathlib.Path
  cells: int
  problems: list[Problem]


def is_cell(folder: pathlib.Path) -> bool:
  """Whether a folder is that of a cell."""
  return folder.parent.name == 'cells' or (folder / 'records.jsonl').is_file()


def of(folder: pathlib.Path) -> Checked:
  """Verifies the digests of a folder, and says what it lacks.

  Args:
    folder: a workdir, or a cell.
  """
  if is_cell(folder):
    found = [*digests.of_cell(folder), *incomplete.of_cell(folder)]
    return Checked(folder, 1, found)
  found = [*digests.of_workdir(folder), *incomplete.of_workdir(folder)]
  return Checked(folder, len(incomplete.cells(folder)), found)


def text(checked: Checked) -> str:
  """Returns the answer, and a table with a line for each problem."""
  count = checked.cells
  of = f'{count} cell{"s" * (count != 1)}'
  if not checked.problems:
    return f'{checked.folder} is whole: nothing is wrong with its {of}'
  number = len(checked.problems)
  title = f'{checked.folder}: {number} problem{"s" * (number > 1)} in {of}'
  rows = [_row(checked.folder, problem) for problem in checked.problems]
  return '\n'.join([title, '', *_aligned([HEADER, *rows])])


def _row(folder: pathlib.Path, problem: Problem) -> tuple[str, str, str]:
  path = problem.path
  inside = path.is_relative_to(folder) and path != folder
  name = path.relative_to(folder).as_posix() if inside else path.name
  # No command writes it anew: what made a finished cell is known no more.
  gone = 'remove it; tables then say that what made the cell is not recorded'
  remedy = gone if path.name == made.FILE else problem.remedy
  return name, problem.what, remedy


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
  # Commands in the last column are long, and are to be copied: not padded.
  sizes = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
  return [
    '   '.join([*(x.ljust(n) for x, n in zip(row, sizes)), row[-1]])  # noqa: B905
    for row in rows
  ]
