"""What every question of the Python interface returns."""

import dataclasses
import functools
import html
import pathlib
import shutil
import sys
from collections.abc import Sequence

import pandas as pd

from mtl_jax.api import described, picture
from mtl_jax.api.experiment import Experiment
from mtl_jax.api.picture import Picture
from mtl_jax.errors import InputError
from mtl_jax.records import owner
from mtl_jax.report import terminal
from mtl_jax.report.terminal import Sheet


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Result:
  """Answers of trained cells.

  Attributes:
    experiment: what was asked.
    folders: of the cells.
  """

  experiment: Experiment
  folders: Sequence[pathlib.Path]

  @property
  def workdir(self) -> pathlib.Path:
    """The folder of the cells, from which the same call goes on."""
    return self.experiment.folder

  @functools.cached_property
  def figures(self) -> dict[str, Picture]:
    """The figures by name; a notebook shows one that ends a cell."""
    return picture.of(self.draw)

  def sheets(self) -> list[Sheet]:
    """Returns the tables, with lines above and below them."""
    raise NotImplementedError

  def write(self, folder: pathlib.Path) -> None:
    """Writes the tables.

    Args:
      folder: into which they are written.
    """
    raise NotImplementedError

  def draw(self, folder: pathlib.Path) -> None:
    """Writes the figures, and a page that shows them if there is one.

    Args:
      folder: into which they are written.
    """
    raise NotImplementedError

  def written(self, folder: pathlib.Path) -> str:
    """Returns a line that names the files in a folder."""
    raise NotImplementedError

  def keep(self) -> None:
    """Writes all files into the workdir."""
    self.write(self.workdir)
    self.draw(self.workdir)

  def report(self) -> None:
    """Writes all files into the workdir and prints the tables, as commands do.

    Figures take seconds, so that the tables are printed before.
    """
    self.write(self.workdir)
    self.show()
    sys.stdout.flush()
    self.draw(self.workdir)
    if self.experiment.config.verbose:
      print(self.written(self.workdir))

  def show(self) -> None:
    """Prints the tables."""
    for sheet in self.sheets():
      terminal.show(sheet)

  def save(self, folder: str | pathlib.Path) -> None:
    """Writes everything that a workdir has, cells included, into a folder.

    Args:
      folder: a new or an empty one, or one that `save` has written with the
        same data and budget.

    Raises:
      InputError: if the folder holds other files or cannot be written.
    """
    folder = pathlib.Path(folder)
    if folder.exists() and not folder.is_dir():
      raise InputError(f'{folder} is a file; name a folder')
    owner.claim(folder, owner.read(self.workdir))
    if folder.resolve() != self.workdir.resolve():
      for own in self.folders:
        shutil.copytree(own, folder / 'cells' / own.name, dirs_exist_ok=True)
    experiment = self.experiment
    described.write(described.lines(experiment.config, experiment.load), folder)
    self.write(folder)
    self.draw(folder)

  def __repr__(self) -> str:
    return '\n'.join(terminal.plain(sheet) for sheet in self.sheets())

  def _repr_html_(self) -> str:
    return '\n'.join(map(_html, self.sheets()))


def _html(sheet: Sheet) -> str:
  """The first line, which answers; the table; the others, folded."""
  first, *more = [html.escape(line) for line in sheet.above]
  rows = pd.DataFrame(sheet.table.body, columns=sheet.table.header)
  notes = [*more, *(html.escape(note) for note in sheet.notes)]
  listed = ''.join(f'<li>{line}</li>' for line in notes)
  folded = f'<details><summary>Notes</summary><ul>{listed}</ul></details>'
  # Long entries, which pandas would cut, are whole in text too.
  with pd.option_context('display.max_colwidth', None):
    table = rows.to_html(index=False)
  return f'<p><b>{first}</b></p>\n{table}\n{folded}'
