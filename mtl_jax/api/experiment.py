"""What a command or a call of Python trains, and where."""

import pathlib
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mtl_jax import cells, run
from mtl_jax.api import described, workdirs
from mtl_jax.data.base import Data
from mtl_jax.errors import InputError
from mtl_jax.launchers import base
from mtl_jax.processes import hosts
from mtl_jax.records import owner
from mtl_jax.run import made_by


class Experiment(NamedTuple):
  """What a question is asked of, and where its answer is kept.

  Attributes:
    config: a whole one; schemes and balancers are chosen by the question.
    launcher: trains the cells.
    folder: the workdir; None for that of `workdirs.of`, until data are loaded.
    command: how it was asked, for the page.
    load: function `split_seed -> Data` of data in memory; None for the data set
      that the config names.
    reference: whether linear models and boosted trees are fitted too.
    budget: what else a workdir has in common, such as the number of draws.
    datas: the data set, one per split; empty until `loaded`.
  """

  config: Any
  launcher: base.Launcher
  folder: pathlib.Path | None = None
  command: str = ''
  load: Callable[..., Data] | None = None
  reference: bool = True
  budget: Mapping[str, int] = types.MappingProxyType({})
  datas: tuple[Data, ...] = ()

  def loaded(self) -> 'Experiment':
    """Returns the experiment with its data, which are described, and a folder.

    Raises:
      InputError: as in `cells.data`.
    """
    datas = cells.data(self.config, self.load)
    if hosts.is_process_0():
      described.show(self.config, self.load)
    folder = self.folder or workdirs.of(self.config, datas, self.budget)
    return self._replace(datas=tuple(datas), folder=folder)

  def make(self, config: Any, groups: tuple = ()) -> cells.Cell:
    """Makes a cell of the loaded data; nothing is trained.

    Args:
      config: with the cell's scheme and balancer.
      groups: subsets of the tasks, as in `cells.make`.

    Raises:
      InputError: as in `cells.make`.
    """
    return cells.make(config, [*self.datas], groups, self.folder)

  def make_all(self, configs: list, skip_invalid: bool) -> list[cells.Cell]:
    """Makes the cells of a table.

    Args:
      configs: one config per cell.
      skip_invalid: whether to skip a config that no cell can be made of, after
        a line on stderr.

    Raises:
      InputError: if a cell cannot be made and is not skipped, or none can.
    """
    table = []
    for config in configs:
      try:
        table.append(self.make(config))
      except InputError as error:
        if not skip_invalid:
          raise
        print(f'left out: {error}', file=sys.stderr)
    if not table:
      raise InputError('no scheme can be built with these settings')
    return table

  def references(self, cell: cells.Cell) -> Callable[[], list[pathlib.Path]]:
    """Starts to fit the reference models, if they are asked for.

    Args:
      cell: a cell of the table, which has the data.

    Returns:
      A function that waits and returns the folders of their cells, if any.
    """
    if self.reference and hosts.is_process_0():
      return run.reference_cells.begin(cell, self.folder)
    return list

  def train(self, table: list[cells.Cell]) -> list[pathlib.Path]:
    """Trains the cells that are not finished.

    Args:
      table: the cells; they must be comparable.

    Returns:
      The folders of all cells, in order.

    Raises:
      InputError: if the workdir holds another comparison, or the launcher
        cannot train these cells.
      signals.Stopped: after Ctrl-C or SIGTERM; the state is saved.
    """
    made_by.COMMAND[0] = self.command
    self.launcher.check(table, self.folder)
    # Another comparison in this workdir would mix two tables.
    if hosts.is_process_0():
      owner.claim(self.folder, {**table[0].comparable, **self.budget})
      text = described.lines(self.config, self.load)
      described.write(text, self.folder)
    return self.launcher.train(table, self.folder)
