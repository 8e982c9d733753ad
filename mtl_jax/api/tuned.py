"""Compares rows that are tuned with one number of draws each."""

from mtl_jax.api import comparison, tuning
from mtl_jax.api.comparison import Comparison
from mtl_jax.api.experiment import Experiment
from mtl_jax.api.methods import Method
from mtl_jax.processes import hosts
from mtl_jax.report import results
from mtl_jax.report.tuning import merging
from mtl_jax.report.tuning import tables as tuning_tables


def run(
  experiment: Experiment, rows: list[Method], count: int, skip_invalid: bool
) -> Comparison | None:
  """Trains all draws of all rows.

  Args:
    experiment: the data, the folder, and the config around whose values the
      draws are made.
    rows: what is trained, `single` first.
    count: draws of each row.
    skip_invalid: whether to leave out what cannot be trained.

  Returns:
    The comparison; None on processes other than 0.

  Raises:
    InputError: as in `tuning.rows` and `Experiment.train`.
  """
  experiment = experiment._replace(budget={'draws': count}).loaded()
  made = tuning.rows(experiment, rows, count, skip_invalid)
  table = [cell for row in made for cell in row.cells]
  linear = experiment.references(table[0])
  folders = experiment.train(table)
  if not hosts.is_process_0():
    return None
  loaded = tuning.load(made, folders)
  fitted = linear()
  others = [results.load(folder) for folder in fitted]
  base, *rest = [*merging.shown(loaded), *others]
  base = base._replace(notes=(tuning_tables.note(loaded), *base.notes))
  return comparison.of(
    [base, *rest],
    experiment,
    [*folders, *fitted],
    tuned=loaded,
    others=others,
  )
