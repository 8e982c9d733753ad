"""Compares sharing schemes with single-task learning on one data set.

  python -m experiments.compare --config=configs/actg175.py \\
    --schemes=hard,soft_l2,cross_stitch --workdir=out/actg175

Trains every scheme with every balancer, and also `single`, with the same budget
on the same splits. Prints the table and writes it, its figures and a page into
the workdir. A finished cell is not trained again.

  ... --schemes=all --tune=16 --config.first_seed=100

gives every row 16 draws of hyperparameters around the configuration's own, each
trained with every seed, and lets each resplit choose by its validation score.
The seeds should be fresh: not those on which the configuration was searched.
Writes also draws.csv, untuned.csv, and tuning curves.
"""

from __future__ import annotations

from absl import flags

from experiments import cli, lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from mtl_jax.api import compare as comparing
  from mtl_jax.api import draw_count
  from mtl_jax.plugins import checks

SCHEMES = flags.DEFINE_list(
  'schemes',
  None,
  'The sharing schemes, separated by commas, or all for every scheme of this '
  'package. The default is config.scheme.',
)
BALANCERS = flags.DEFINE_list(
  'balancers',
  None,
  'The loss balancers, separated by commas, or all for every balancer of this '
  'package. The default is config.balancer; of experiments.tune it is all.',
)
REFERENCE = flags.DEFINE_bool(
  'reference',
  True,
  'Whether to add the rows of linear models and, on tables of numbers, of '
  'boosted trees.',
)
TUNE = flags.DEFINE_integer(
  'tune',
  None,
  'The number of random draws of hyperparameters for every row. By default '
  'nothing is tuned.',
)


def check() -> None:
  """Checks the flags without importing JAX.

  Raises:
    InputError: as in `check_choices`, or if the number of draws makes no sense.
  """
  check_choices(tunes=True)
  if TUNE.value is not None:
    draw_count.check('--tune', TUNE.value, cli.CONFIG.value)


def check_choices(tunes: bool = False) -> None:
  """Checks the flags that other tables have in common with this one.

  Args:
    tunes: whether the command knows `--tune`.

  Raises:
    InputError: as in `cli.check`, if a scheme or balancer is unknown, or if
      `--tune` has no effect.
  """
  cli.check()
  for what, flag in (('scheme', SCHEMES), ('balancer', BALANCERS)):
    asked = flag.value
    if asked is None:
      continue
    check_list(flag.name, asked)
    checks.check_names(what, asked if asked != ['all'] else [])
  if TUNE.value is not None and not tunes:
    raise InputError(
      '--tune is a flag of experiments.compare; experiments.tune has --draws'
    )


def check_list(flag: str, names: list[str]) -> None:
  """Checks the names of a flag that is a list.

  Args:
    flag: its name, for the message.
    names: its value.

  Raises:
    InputError: if it is empty, or names something twice.
  """
  if not names:
    raise InputError(f'--{flag} is empty; name at least one, or leave it out')
  for name in names:
    if names.count(name) > 1:
      raise InputError(f'--{flag} names {name!r} twice; name it once')


def main() -> None:
  """Trains all cells and writes the comparison."""
  experiment = cli.experiment()._replace(reference=REFERENCE.value)
  result = comparing.ask(experiment, *chosen(), TUNE.value)
  if result:
    result.report()


def chosen() -> tuple[list[str], list[str]]:
  """Returns the schemes and the balancers of the flags, or of the config."""
  config = cli.CONFIG.value
  return (
    SCHEMES.value or [config.scheme],
    BALANCERS.value or [config.balancer],
  )


if __name__ == '__main__':
  cli.run(main, check)
