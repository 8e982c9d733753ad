"""Groups of tasks that were trained together, read from a cell's records.

Groups of one shape are runs of one program, in whose records the tasks have
placeholder names. Here they get their own names back.
"""

import pathlib
import re
from typing import NamedTuple

from mtl_jax.report import results
from mtl_jax.report.results import Cell, Run


class Group(NamedTuple):
  """A group's tasks by name, and for every seed the run that it selected."""

  members: tuple[str, ...]
  runs: tuple[Run, ...]

  @property
  def name(self) -> str:
    """The names of the tasks, joined by ` + `."""
    return ' + '.join(self.members)

  def values(self, split: str, task: str, metric: str) -> dict[int, float]:
    """Returns a metric by seed.

    Args:
      split: `valid` or `test`.
      task: its name.
      metric: its name.

    Returns:
      {seed: value}, without failed runs and seeds where the metric has no
      value.
    """
    ended = [run for run in self.runs if run.test is not None]
    values = {r.seed: getattr(r, split)[task].get(metric) for r in ended}
    return {seed: float(v) for seed, v in values.items() if v is not None}


def of_cell(cell: Cell) -> Group:
  """Returns all tasks of an ordinary cell as a group."""
  return Group(tuple(task.name for task in cell.tasks), cell.setting)


def load(folder: pathlib.Path) -> list[Group]:
  """Reads the groups of a cell that trained groups; see `results.load`."""
  cell = results.load(folder)
  return [
    _group(cell, number, tuple(members))
    for number, members in enumerate(cell.header['groups'])
  ]


def _group(cell: Cell, number: int, members: tuple[str, ...]) -> Group:
  # Each group has its setting selected by itself.
  own = [run for run in cell.runs if run.hp['group'] == number]
  name_of = dict(zip((t.name for t in cell.tasks), members, strict=True))
  chosen = results.select(own, cell.header['split'])
  return Group(members, tuple(_named(run, name_of) for run in chosen))


def _named(run: Run, name_of: dict[str, str]) -> Run:
  """The run with its tasks' own names instead of placeholders."""
  if run.test is None:
    # The reason of a failure names a task too.
    words = '|'.join(map(re.escape, name_of))
    why = re.sub(rf'\b({words})\b', lambda word: name_of[word[0]], run.why)
    return run._replace(why=why)
  valid, test = (
    {name: split[placeholder] for placeholder, name in name_of.items()}
    for split in (run.valid, run.test)
  )
  return run._replace(valid=valid, test=test)
