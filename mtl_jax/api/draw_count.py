"""How many draws a row of a tuned table may have; needs no JAX."""

from typing import Any

from mtl_jax.errors import InputError

MOST = 1000  # draws; their records would not fit the memory of a report
LEAST_SEEDS = 3


def check(flag: str, count: int, config: Any) -> None:
  """Checks the number of draws against the number of seeds.

  Args:
    flag: that gives the number, for the message.
    count: draws of each row.
    config: the config.

  Raises:
    InputError: too few or too many draws, or too few seeds for them.
  """
  if not 2 <= count <= MOST:
    raise InputError(
      f'{flag}={count}; give 2 to {MOST} draws: the first is the '
      "configuration's own setting, and a row is tuned by the others"
    )
  if config.seeds < LEAST_SEEDS:
    raise InputError(
      f'{flag}={count} with config.seeds={config.seeds}: what draws gain on '
      'so few seeds cannot be told from luck; take at least '
      f'--config.seeds={LEAST_SEEDS}, better 10'
    )
