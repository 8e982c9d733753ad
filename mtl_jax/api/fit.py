"""Trains one model: `mtl_jax.fit`."""

import pathlib
from typing import Any

from mtl_jax import cells, models
from mtl_jax.api import given as calls
from mtl_jax.api.combinations import choose
from mtl_jax.api.compare import check
from mtl_jax.api.start import started
from mtl_jax.errors import InputError
from mtl_jax.models import Model


def fit(
  data: Any,
  scheme: str = 'hard',
  balancer: str = 'equal',
  seeds: int = 1,
  workdir: str | pathlib.Path | None = None,
  **config: Any,
) -> Model:
  """Trains a network on all tasks, to predict new rows with it.

  The model of each seed has the parameters that were best on validation.

  Args:
    data: as in `mtl_jax.compare`.
    scheme: name of the sharing scheme.
    balancer: name of the loss balancer.
    seeds: number of seeds, each a model of its own, on a split of its own
      where the data are split anew; predictions are their means.
    workdir: as in `mtl_jax.compare`.
    **config: keys of the config, as in `mtl_jax.compare`.

  Returns:
    The model, with `predict`, `evaluate`, `features` and `save`.

  Raises:
    InputError: if the data, a name, a key or a value is wrong.
    KeyboardInterrupt: after an interrupt; the same call goes on.
  """
  keep = config.get('keep', 'best')
  if keep in ('nothing', 'predictions'):  # another word is refused below
    raise InputError(
      f"config.keep is {keep!r}, and fit returns what is kept; say 'best', or "
      'call mtl_jax.compare'
    )
  given = calls.Given(data, seeds, workdir, {'keep': 'best', **config})
  check([scheme], [balancer])
  experiment = calls.experiment(given, 'fit', scheme=scheme, balancer=balancer)
  chosen = choose(experiment.config, scheme, balancer)
  cells.check(chosen)
  with started():
    experiment = experiment.loaded()
    (folder,) = experiment.train([experiment.make(chosen)])
  return models.load(folder)
