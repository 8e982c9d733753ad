"""Joins comparisons on several data sets into one report.

  python -m experiments.report out/actg175 out/sentiment_topic out/digits \\
    --into=out/joined

Takes workdirs of `experiments.compare`, of different data sets, and answers for
the rows that stand in all of them: Delta_m on each data set, its mean over data
sets (random effects), mean ranks with a critical-difference diagram, and the
probability that a run of the scheme beats one of `single`. Trains nothing.

Writes joined.md, joined.csv, figures/delta_m.png,
figures/critical_difference.png and report.html.
"""

import math
import os
import pathlib
import sys

from absl import flags

from experiments import lazy, typed
from mtl_jax.errors import InputError

with lazy.imports():
  from mtl_jax.report.joined import join, page

INTO = flags.DEFINE_string(
  'into',
  None,
  'The folder that the report is written to. The default is the folder joined '
  'beside the workdirs.',
)
MARGIN = flags.DEFINE_float(
  'margin',
  0.01,
  'The margin of equivalence of the means over data sets, as a share of the '
  'baseline. Give that of config.margin.',
)


def main(workdirs: list[str]) -> None:
  """Checks the workdirs, then writes and prints the report.

  Args:
    workdirs: their folders.

  Raises:
    InputError: if they cannot be joined, or the folder cannot be written to.
  """
  if not 0 < MARGIN.value < math.inf:
    raise InputError(f'--margin={MARGIN.value} is not a number above 0')
  # Without pandas and matplotlib, so that a slip is reported at once.
  joined = join.load(workdirs)
  folder = pathlib.Path(INTO.value or beside(workdirs))
  check_folder(folder)
  command = typed.line('experiments.report')
  try:
    page.show(page.write(joined, folder, command, 100 * MARGIN.value))
  except OSError as error:
    raise InputError(f'--into={folder}: {error.strerror}') from error
  print(
    f'\nwritten: {folder}/joined.md .csv, {folder}/figures/*.png, '
    f'{folder}/report.html'
  )


def beside(workdirs: list[str]) -> pathlib.Path:
  """Returns the default folder: `joined` in the one that holds them all."""
  return pathlib.Path(os.path.commonpath(
    [pathlib.Path(path).resolve().parent for path in workdirs]
  )) / 'joined'  # fmt: skip


def check_folder(folder: pathlib.Path) -> None:
  """Checks that the folder can be written to and is no workdir.

  Raises:
    InputError: if it cannot, or is one, whose page would be replaced.
  """
  if (folder / 'cells').exists():
    raise InputError(
      f'--into={folder} is a workdir, and the report would replace its page; '
      'name another folder'
    )
  there = next(p for p in [folder, *folder.absolute().parents] if p.exists())
  if not there.is_dir():
    raise InputError(f'--into={folder}: {there} is a file; name a folder')
  if not os.access(there, os.W_OK):
    raise InputError(f'--into={folder} cannot be written; name another')


if __name__ == '__main__':
  sys.exit(typed.run(main))
