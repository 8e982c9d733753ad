"""The result of a comparison: a table, its verdicts and its files."""

import dataclasses
import pathlib
from collections.abc import Sequence

import pandas as pd

from mtl_jax.api.experiment import Experiment
from mtl_jax.api.result import Result
from mtl_jax.report import unchanged
from mtl_jax.report.agreement import ordered
from mtl_jax.report.compare import answer, page, shown, tables
from mtl_jax.report.layout import readable
from mtl_jax.report.results import Cell
from mtl_jax.report.terminal import Sheet
from mtl_jax.report.tuning import tables as tuning_tables
from mtl_jax.report.tuning.merging import Tuned

VERDICTS = [
  *('scheme', 'balancer', 'task', 'metric', 'verdict', 'diff', 'diff_ci_low'),
  *('diff_ci_high', 'p_holm', 'detectable'),
]


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Comparison(Result):
  """Ways of sharing against single-task learning.

  Attributes:
    experiment: what was asked.
    folders: of the cells.
    cells: the rows of the table.
    long: the table as numbers, see `compare.rows.rows`: a row per scheme,
      balancer, task and metric, and one of Delta_m.
    tuned: the rows that were tuned, with all their draws.
    others: further rows of a tuned table, such as the reference.
  """

  cells: Sequence[Cell]
  long: pd.DataFrame
  tuned: Sequence[Tuned] = ()
  others: Sequence[Cell] = ()

  @property
  def table(self) -> pd.DataFrame:
    """The table as people read it: text by scheme, with marks of verdicts."""
    made = readable(self.cells, self.long)
    frame = pd.DataFrame(made.body, columns=made.header)
    return frame.set_index(made.header[0])

  @property
  def verdicts(self) -> pd.DataFrame:
    """Verdicts of every row but `single`: on Delta_m first, then on the tasks.

    `diff` and its 95 % interval are in the metric's own unit, of `delta_m` in
    %; `detectable` is the smallest true difference that the table would have
    shown with 80 % power.
    """
    heads = self.long.drop_duplicates(['scheme', 'balancer', 'task'])
    heads = heads[heads['verdict'] != '']
    first = heads['task'].ne('ALL').to_numpy().argsort(kind='stable')
    return heads.iloc[first][VERDICTS].reset_index(drop=True)

  @property
  def sentence(self) -> str:
    """The answer in one sentence."""
    return answer.sentence(self.cells, self.long)

  @property
  def draws(self) -> pd.DataFrame:
    """Every draw of a tuned table with every seed; empty without tuning."""
    return tuning_tables.draws(self.tuned)

  def sheets(self) -> list[Sheet]:
    """Returns the table, with lines above and below it."""
    return [tables.sheet(self.cells, self.long)]

  def write(self, folder: pathlib.Path) -> None:
    """Writes table.{md,csv,tex,json}.

    Args:
      folder: into which they are written.
    """
    tables.put(self.cells, self.long, folder)
    shown.write(self.cells, folder)

  def draw(self, folder: pathlib.Path) -> None:
    """Writes figures/*.png and report.html, unless they are there.

    Of a tuned table also draws.csv, untuned.csv and tuning_curves.csv.

    Args:
      folder: into which they are written.
    """
    if self.tuned:
      tuning_tables.write(self.tuned, self.others, folder, self._margin)
    typed = self.experiment.command
    unchanged.unless_same(
      lambda: page.draw(self.cells, self.long, folder, typed),
      self.cells,
      folder,
      # The margin may stand in the config's file instead of the command.
      f'{typed} {self._margin}',
    )

  def written(self, folder: pathlib.Path) -> str:
    """Returns lines that name the files in a folder."""
    named = (
      f'\nwritten: {folder}/table.md .csv .tex, {folder}/figures/*.png, '
      f'{folder}/report.html'
    )
    if not self.tuned:
      return named
    return (
      f'{named}\ntuning: {folder}/draws.csv, untuned.csv, tuning_curves.csv, '
      'figures/tuning_curves.png'
    )

  @property
  def _margin(self) -> float:
    return self.experiment.config.margin


def of(
  cells: Sequence[Cell],
  experiment: Experiment,
  folders: Sequence[pathlib.Path] = (),
  **more: Sequence,
) -> Comparison:
  """Compares loaded cells.

  Args:
    cells: rows of the table, `single` among them, in any order.
    experiment: what was asked.
    folders: of all cells.
    **more: `tuned` and `others` of a tuned table.

  Raises:
    InputError: the cells cannot be compared.
  """
  rows = ordered(cells)
  frame = tables.rows(rows, experiment.config.margin)
  return Comparison(experiment, folders, rows, frame, **more)
