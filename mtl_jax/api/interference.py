"""Measures interference: experiments.interference, mtl_jax.interference."""

import dataclasses
import pathlib
from typing import Any

import pandas as pd

from mtl_jax import cells
from mtl_jax.api import collected
from mtl_jax.api import given as calls
from mtl_jax.api.combinations import choose
from mtl_jax.api.compare import check
from mtl_jax.api.experiment import Experiment
from mtl_jax.api.result import Result
from mtl_jax.api.start import started
from mtl_jax.errors import InputError
from mtl_jax.processes import hosts
from mtl_jax.records import atomic
from mtl_jax.report.compare import tables
from mtl_jax.report.interference import figures, page, pairs
from mtl_jax.report.terminal import Sheet

BASELINE = ('single', 'equal')
BATCHES = 4  # batches per evaluation if the config has 0


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class InterferenceReport(Result):
  """How tasks interfere in one scheme.

  Attributes:
    experiment: what was asked.
    folders: of the cells, that of `single` first.
    measured: the measures.
  """

  measured: pairs.Interference

  @property
  def table(self) -> pd.DataFrame:
    """Of every measure, module and pair of tasks: mean, interval, verdict."""
    return self.measured.matrices

  @property
  def long(self) -> pd.DataFrame:
    """Every value of every seed along the training."""
    return self.measured.frame

  def sheets(self) -> list[Sheet]:
    """Returns the table of pairs, with sentences below it."""
    return [page.sheet(self.measured)]

  def write(self, folder: pathlib.Path) -> None:
    """Writes interference.{md,csv} and matrices.csv.

    Args:
      folder: into which they are written.
    """
    tables.write_csv(self.long, folder / 'interference.csv')
    tables.write_csv(self.table, folder / 'matrices.csv')
    atomic.write(folder / 'interference.md', page.markdown(self.measured))

  def draw(self, folder: pathlib.Path) -> None:
    """Writes figures/*.png.

    Args:
      folder: into which they are written.
    """
    figures.write(self.measured, folder / 'figures')

  def written(self, folder: pathlib.Path) -> str:
    """Returns a line that names the files in a folder."""
    return (
      f'\nwritten: {folder}/interference.md .csv, {folder}/matrices.csv, '
      f'{folder}/figures/*.png; cells: {", ".join(map(str, self.folders))}'
    )


def interference(
  data: Any,
  scheme: str | None = None,
  balancer: str | None = None,
  seeds: int | None = None,
  workdir: str | pathlib.Path | None = None,
  **config: Any,
) -> InterferenceReport:
  """Measures where the gradients of tasks conflict while they train together.

  It is `python -m experiments.interference`; docs/interference.md defines the
  measures.

  Args:
    data: as in `mtl_jax.compare`.
    scheme: name of the sharing scheme; by default config.scheme.
    balancer: name of the loss balancer; by default config.balancer.
    seeds: number of seeds; by default config.seeds.
    workdir: as in `mtl_jax.compare`.
    **config: keys of the config, as in `mtl_jax.compare`.

  Returns:
    The measures of every pair of tasks, and figures.

  Raises:
    InputError: if the data, a name, a key or a value is wrong.
    KeyboardInterrupt: after an interrupt; the same call goes on.
  """
  given = calls.Given(data, seeds, workdir, config)
  words = {'scheme': scheme, 'balancer': balancer}
  experiment = calls.experiment(given, 'interference', **words)
  own = experiment.config
  pair = scheme or own.scheme, balancer or own.balancer
  check([pair[0]], [pair[1]])
  with started():
    result = run(experiment, *pair)
  if workdir is not None:
    result.keep()
  return result


def run(
  experiment: Experiment, scheme: str, balancer: str
) -> InterferenceReport | None:
  """Trains a scheme and `single`, and collects what was measured.

  Args:
    experiment: the data, the budget and the folder.
    scheme: name of the scheme.
    balancer: name of the balancer.

  Returns:
    The measures; None on processes other than 0.

  Raises:
    InputError: if the data set has only one task, or a cell cannot be made.
  """
  asked = [*dict.fromkeys([BASELINE, (scheme, balancer)])]
  configs = [choose(experiment.config, *pair) for pair in asked]
  for chosen in configs:
    chosen.probe.batches = chosen.probe.batches or BATCHES
    cells.check(chosen)
  experiment = experiment.loaded()
  names = [task.name for task in experiment.datas[0].tasks]
  if len(names) < 2:
    raise InputError(
      f'{experiment.config.dataset} has one task, {names[0]}; interference '
      'requires two or more'
    )
  table = [experiment.make(one) for one in configs]
  folders = experiment.train(table)
  if not hosts.is_process_0():
    return None
  steps = table[-1].config.steps
  measured = collected.measure(folders[-1], folders[0], steps)
  return InterferenceReport(experiment, folders, measured)
