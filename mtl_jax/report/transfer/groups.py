"""Groups of tasks that were trained together, as a cell's records hold them."""

import pathlib
from typing import NamedTuple

from mtl_jax.report import results
from mtl_jax.report.results import Cell, Run


class Group(NamedTuple):
  """A group's tasks, by name, and its runs at the setting selected for it."""

  members: tuple[str, ...]
  runs: tuple[Run, ...]

  @property
  def name(self) -> str:
    return ' + '.join(self.members)

  def values(self, split: str, task: str, metric: str) -> dict[int, float]:
    """A metric on `valid` or `test` by seed, without those where it is not."""
    ended = [run for run in self.runs if run.test is not None]
    values = {r.seed: getattr(r, split)[task].get(metric) for r in ended}
    return {seed: float(v) for seed, v in values.items() if v is not None}


def of_cell(cell: Cell) -> Group:
  """All tasks of an ordinary cell."""
  return Group(tuple(task.name for task in cell.tasks), cell.setting)


def load(folder: pathlib.Path) -> list[Group]:
  """The groups of a cell that was made with some; see `results.load`."""
  cell = results.load(folder)
  return [
    _group(cell, number, tuple(members))
    for number, members in enumerate(cell.header['groups'])
  ]


def _group(cell: Cell, number: int, members: tuple[str, ...]) -> Group:
  own = [run for run in cell.runs if run.hp['group'] == number]
  name_of = dict(zip((t.name for t in cell.tasks), members, strict=True))
  return Group(members, tuple(_named(r, name_of) for r in results.select(own)))


def _named(run: Run, name_of: dict[str, str]) -> Run:
  """The run with tasks by their names, not by their name_of."""
  if run.test is None:
    return run
  valid, test = (
    {name: split[placeholder] for placeholder, name in name_of.items()}
    for split in (run.valid, run.test)
  )
  return run._replace(valid=valid, test=test)
