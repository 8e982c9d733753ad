"""Compares ways of sharing: what experiments.compare and mtl_jax.compare do."""

import pathlib
from collections.abc import Sequence
from typing import Any

from mtl_jax import cells
from mtl_jax.api import comparison, draw_count, methods, tuned
from mtl_jax.api import given as calls
from mtl_jax.api.combinations import choose, combinations, expand
from mtl_jax.api.comparison import Comparison
from mtl_jax.api.experiment import Experiment
from mtl_jax.api.start import started
from mtl_jax.errors import InputError
from mtl_jax.plugins import checks
from mtl_jax.processes import hosts
from mtl_jax.report import results


def compare(
  data: Any,
  schemes: str | Sequence[str] | None = None,
  balancers: str | Sequence[str] | None = None,
  seeds: int | None = None,
  workdir: str | pathlib.Path | None = None,
  tune: int | None = None,
  reference: bool = True,
  **config: Any,
) -> Comparison:
  """Compares ways of sharing parameters with single-task learning.

  Trains every scheme with every balancer, and also `single`, with the same
  budget on the same splits. It is `python -m experiments.compare`: a cell that
  one of them has trained in a folder is found by the other.

  Args:
    data: `mtl_jax.frame(...)`, `mtl_jax.arrays(...)`, a `Data`, the name of a
      data set, the path of a configuration file, or a config.
    schemes: names of sharing schemes, or 'all'; by default config.scheme.
    balancers: names of loss balancers, or 'all'; by default config.balancer.
    seeds: number of seeds; by default config.seeds, which is 10.
    workdir: the folder that all results are written to, as by the command. By
      default cells are kept in the user's cache folder, by data and budget, so
      that the same call finds them; nothing else is written.
    tune: number of random draws of hyperparameters for every row.
    reference: whether to add rows of linear models and boosted trees.
    **config: keys of the config, as in `steps=300`, `hp={'lr': (1e-3, 3e-3)}`
      or `**{'hp.lr': 1e-3}`.

  Returns:
    The table, its verdicts and its figures.

  Raises:
    InputError: if the data, a name, a key or a value is wrong.
    KeyboardInterrupt: after an interrupt; the same call goes on.
  """
  given = calls.Given(data, seeds, workdir, config)
  words = {'schemes': schemes, 'balancers': balancers, 'tune': tune}
  experiment = calls.experiment(given, 'compare', **words)
  experiment = experiment._replace(reference=reference)
  own = experiment.config
  chosen = (
    calls.named(schemes, own.scheme),
    calls.named(balancers, own.balancer),
  )
  with started():
    result = ask(experiment, *chosen, tune)
  if workdir is not None:
    result.keep()
  return result


def ask(
  experiment: Experiment,
  schemes: list[str],
  balancers: list[str],
  tune: int | None = None,
) -> Comparison | None:
  """Trains every scheme with every balancer, and `single`.

  Args:
    experiment: the data, the budget and the folder.
    schemes: their names, or `['all']`.
    balancers: their names, or `['all']`.
    tune: number of draws of every row; None tunes nothing.

  Returns:
    The comparison; None on processes other than 0.

  Raises:
    InputError: if a name is unknown, or something cannot be trained that was
      asked for by its name.
  """
  every = ['all'] in (schemes, balancers)
  check(schemes, balancers)
  pairs = combinations(
    expand('schemes', schemes), expand('balancers', balancers)
  )
  if tune is None:
    return run(experiment, pairs, every)
  draw_count.check('tune', tune, experiment.config)
  return tuned.run(experiment, methods.of_pairs(pairs), tune, every)


def check(schemes: list[str], balancers: list[str]) -> None:
  """Raises `InputError` for the name of a scheme or balancer that is none."""
  for what, names in (('scheme', schemes), ('balancer', balancers)):
    if not names:
      raise InputError(f'{what}s is empty; name at least one, or leave it out')
    checks.check_names(what, names if names != ['all'] else [])


def run(
  experiment: Experiment, pairs: list[tuple[str, str]], skip_invalid: bool
) -> Comparison | None:
  """Trains pairs of a scheme and a balancer, and the references.

  Args:
    experiment: the data, the budget and the folder.
    pairs: `single` with `equal` first.
    skip_invalid: whether to leave out what cannot be trained.

  Returns:
    The comparison; None on processes other than 0.
  """
  configs = [choose(experiment.config, *pair) for pair in pairs]
  for chosen in configs:
    cells.check(chosen)
  experiment = experiment.loaded()
  table = experiment.make_all(configs, skip_invalid)
  # The linear models are fitted in the background during training.
  linear = experiment.references(table[0])
  folders = experiment.train(table)
  if not hosts.is_process_0():
    return None
  folders += linear()
  loaded = [results.load(folder) for folder in folders]
  return comparison.of(loaded, experiment, folders)
