"""The result of a measurement of transfer: gains, groupings and files."""

import dataclasses
import pathlib
from collections.abc import Sequence

import pandas as pd

from mtl_jax.api.experiment import Experiment
from mtl_jax.api.result import Result
from mtl_jax.records import atomic
from mtl_jax.report import terminal
from mtl_jax.report.compare import tables
from mtl_jax.report.results import Cell
from mtl_jax.report.terminal import Sheet
from mtl_jax.report.transfer import (
  choosing,
  from_pairs,
  gains,
  heatmap,
  negative,
)
from mtl_jax.report.transfer import page as transfer_page


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class TransferReport(Result):
  """Which tasks help which.

  Attributes:
    experiment: what was asked.
    folders: of the cells.
    gained: gains of all groups.
    pages: tables, with lines above and below them.
    negative: negative transfer by task.
    groupings: the grouping that is chosen for every number of networks.
    how: scheme and balancer in words.
  """

  gained: gains.Transfer
  pages: Sequence[Sheet]
  negative: pd.DataFrame
  groupings: pd.DataFrame
  how: str

  @property
  def table(self) -> pd.DataFrame:
    """Of every group and task: the mean gain over `single`, and its test."""
    return self.gained.frame

  @property
  def long(self) -> pd.DataFrame:
    """Every gain of every seed."""
    return self.gained.long

  def sheets(self) -> list[Sheet]:
    """Returns the tables, with lines above and below them."""
    return [*self.pages]

  def write(self, folder: pathlib.Path) -> None:
    """Writes transfer.{md,csv}, gains.csv, negative.csv and groupings.csv.

    Args:
      folder: into which they are written.
    """
    tables.write_csv(self.long, folder / 'transfer.csv')
    tables.write_csv(self.table, folder / 'gains.csv')
    tables.write_csv(self.negative, folder / 'negative.csv')
    tables.write_csv(self.groupings, folder / 'groupings.csv')
    text = transfer_page.markdown(self.pages, self.how)
    atomic.write(folder / 'transfer.md', text)

  def draw(self, folder: pathlib.Path) -> None:
    """Writes matrix.png.

    Args:
      folder: into which it is written.
    """
    heatmap.write(self.gained, folder / 'matrix.png')

  def show(self) -> None:
    """Prints the tables, with a line between them."""
    for page in self.pages:
      terminal.show(page)
      print(flush=True)

  def written(self, folder: pathlib.Path) -> str:
    """Returns a line that names the files in a folder."""
    return (
      f'written: {folder}/transfer.md .csv, {folder}/gains.csv, '
      f'{folder}/negative.csv, {folder}/groupings.csv, {folder}/matrix.png'
    )


def of(
  experiment: Experiment,
  folders: Sequence[pathlib.Path],
  gained: gains.Transfer,
  second: Cell,
  measured: from_pairs.Affinities,
  how: str,
) -> TransferReport:
  """Judges gains.

  Args:
    experiment: what was asked.
    folders: of the cells.
    gained: gains of all groups.
    second: a second training of the baseline.
    measured: affinities of all seeds by measure, {} if none are compared.
    how: scheme and balancer in words.
  """
  groupings = choosing.groupings(gained, measured)
  harmed = negative.by_task(gained, second)
  pages = transfer_page.pages(gained, measured, groupings, harmed)
  return TransferReport(
    experiment, folders, gained, pages, harmed, groupings, how
  )
