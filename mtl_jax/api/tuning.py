"""Tunes every row of a table on the same number of random draws.

Each draw is trained with every seed, and each resplit chooses among them by its
own validation score: every split is a tuning split, and none is tuned on the
test rows of another.
"""

import pathlib
import sys
from collections.abc import Sequence
from typing import NamedTuple

from mtl_jax import cells
from mtl_jax.api import draws
from mtl_jax.api.combinations import swept
from mtl_jax.api.draws import Draw
from mtl_jax.api.experiment import Experiment
from mtl_jax.api.methods import Method
from mtl_jax.errors import InputError
from mtl_jax.report import results
from mtl_jax.report.tuning import merging


class Row(NamedTuple):
  """A row of a tuned table: its draws, and the cells that train them.

  Attributes:
    method: what is trained.
    draws: its settings, the config's own one first.
    cells: one for the draws of each program, see `draws.together`.
  """

  method: Method
  draws: list[Draw]
  cells: list[cells.Cell]


def rows(
  experiment: Experiment,
  methods: Sequence[Method],
  count: int,
  skip_invalid: bool,
) -> list[Row]:
  """Makes the cells of all rows; nothing is trained.

  Args:
    experiment: loaded; the draws are made around the values of its config.
    methods: one per row.
    count: draws of each row.
    skip_invalid: whether to leave out methods that cannot be trained, after a
      line on stderr.

  Raises:
    InputError: if a method cannot be trained and is not left out.
  """
  made = []
  for method in methods:
    try:
      made.append(_row(experiment, method, count))
    except InputError as error:
      # Without its baseline there is no table.
      if not skip_invalid or method.scheme == 'single':
        raise
      print(f'left out: {error}', file=sys.stderr)
  return made


def _row(experiment: Experiment, method: Method, count: int) -> Row:
  config, tasks = experiment.config, experiment.datas[0].tasks
  drawn = draws.draw(method, draws.own(config, method, len(tasks)), count)
  groups = [[drawn[i] for i in group] for group in draws.together(drawn)]
  config = swept(config)
  configs = [draws.configured(config, method, group) for group in groups]
  for one in configs:
    cells.check(one)
  return Row(method, drawn, [experiment.make(one) for one in configs])


def load(
  made: Sequence[Row], folders: Sequence[pathlib.Path]
) -> list[merging.Tuned]:
  """Reads the records of all rows.

  Args:
    made: the rows.
    folders: of their cells, in order.

  Returns:
    One per row, with the choice made among all of its draws.
  """
  text, left = budget(made), iter(folders)
  loaded = []
  for row in made:
    groups = draws.together(row.draws)
    parts = [
      merging.Part(results.load(next(left)), group, row.draws[group[0]].choices)
      for group in groups
    ]
    loaded.append(merging.merged(parts, row.method.row, text))
  return loaded


def budget(made: Sequence[Row]) -> str:
  """Describes the budget, which is the same for every row."""
  low, high = draws.FACTORS[:2]
  firsts = [row.draws[0] for row in made]
  names = ['learning rate']
  names += ['weight decay'] * any(d.weight_decay for d in firsts)
  names += ['penalty'] * any(d.penalty for d in firsts)
  *others, last = names
  scaled = f'{", ".join(others)} and {last}' if others else last
  small = draws.SMALL_DECAY
  absolute = (
    f' (weight decay {small.low:g} to {small.high:g} where it is 0)'
    if not all(d.weight_decay for d in firsts)
    else ''
  )
  return (
    f'Tuning: {len(made[0].draws)} draws for every row, each trained with '
    "every seed: the configuration's own setting, then its "
    f'{scaled} times {low:g} to {high:g}{absolute}, log-uniform, by the same '
    f'factors in all rows, no weight decay in {100 * draws.NO_DECAY:g} %, and '
    'numbers of a balancer in their ranges. Dropout, sizes and steps are not '
    'drawn.'
  )
