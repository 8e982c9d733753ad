"""Measures transfer: which tasks help which, and which to train together.

  python -m experiments.transfer --config=configs/actg175.py --scheme=hard \\
    --workdir=out/transfer

Trains every subset of the tasks, up to `--largest`, with one scheme, and
`single` on all tasks, with the same budget, seeds, splits and batches. A second
`single` with other noise on the same splits says what two trainings differ by,
below which negative transfer begins. Groups of one shape, such as all pairs of
regressions, are runs of one program. Rows without a label of the group are not
removed, so that all groups train on the same batches.

Writes transfer.csv (every gain of every seed), gains.csv (means and tests),
negative.csv (negative transfer by task), groupings.csv (the grouping that is
chosen in every resplit, for every number of networks), transfer.md and
matrix.png. With `--affinities`, the file interference.csv of a training with
the same seeds, the groupings that its measures choose are evaluated as well.
Run the same command again to continue after an interruption.
"""

from __future__ import annotations

import pathlib

from absl import flags

from experiments import cli, compare, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from mtl_jax.api import transfer

LARGEST = flags.DEFINE_integer(
  'largest',
  None,
  'The number of tasks in the largest group. By default all subsets of up to 6 '
  'tasks are trained, and pairs of more tasks.',
)
AFFINITIES = flags.DEFINE_string(
  'affinities',
  '',
  'The path of an interference.csv of a training on the same tasks.',
)


def check() -> None:
  """Checks the flags without importing JAX.

  Raises:
    InputError: as in `compare.check_choices`, if groups are of fewer than two
      tasks, or there is no file of affinities.
  """
  compare.check_choices()
  if LARGEST.value is not None and LARGEST.value < 2:
    raise InputError(
      f'--largest={LARGEST.value}: it must be from 2 to the number of tasks'
    )
  if AFFINITIES.value and not pathlib.Path(AFFINITIES.value).is_file():
    raise InputError(
      f'--affinities={AFFINITIES.value}: no such file; give the '
      'interference.csv of experiments.interference'
    )


def main() -> None:
  """Trains all groups and writes the gains."""
  result = transfer.run(
    cli.experiment(), *cli.pair(), LARGEST.value, AFFINITIES.value
  )
  if result:
    result.report()


if __name__ == '__main__':
  cli.run(main, check)
