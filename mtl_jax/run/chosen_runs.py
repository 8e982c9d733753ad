"""Which run of each seed is kept: the choice that the report makes, too.

See `report.selected`; a test compares both.
"""

import math
from collections.abc import Mapping

from mtl_jax.cells import Cell, headers, settings

Lines = Mapping[int, dict]  # by number of the run, its record


def chosen(cell: Cell, lines: Lines) -> dict[int, tuple[int, ...]]:
  """Chooses a run for each seed, or for each task of separate towers.

  Args:
    cell: of the runs.
    lines: of all runs that may be chosen.

  Returns:
    By seed, the number of the run, one for each part of the model. A seed one
    of whose parts failed with the chosen setting is left out.
  """
  by_part = [_of_part(cell, lines, part) for part in parts(cell)]
  found = {}
  for seed in settings.seeds(cell.config):
    own = tuple(runs.get(seed) for runs in by_part)
    if None not in own and all(lines[n]['kind'] == 'test' for n in own):
      found[seed] = own
  return found


def needed(cell: Cell, lines: Lines) -> set[int]:
  """The runs that may still be chosen, whatever later runs score.

  Args:
    cell: of the runs.
    lines: of the runs so far.
  """
  found = {
    n for part in parts(cell) for n in _of_part(cell, lines, part).values()
  }
  if not by_seed(cell):
    # A setting is judged by all its seeds, and some are still to come.
    found |= {n for own in _settings(cell, lines, False) for n in own}
  return found


def parts(cell: Cell) -> tuple[str | None, ...]:
  """What is chosen for by itself: each task's tower, or the model (None)."""
  tasks = cell.system.tasks
  joint = not cell.system.scheme.separate or len(tasks) == 1
  return (None,) if joint else tuple(task.name for task in tasks)


def by_seed(cell: Cell) -> bool:
  """Whether each seed chooses by its own validation rows."""
  return headers.split(cell) == 'resplit'


def _of_part(cell: Cell, lines: Lines, part: str | None) -> dict[int, int]:
  """By seed, the number of the run that is best for a part."""
  if by_seed(cell):
    runs: dict[int, int] = {}
    for n in sorted(lines):
      seed = lines[n]['seed']
      best = runs.get(seed)
      if best is None or _score(lines[n], part) < _score(lines[best], part):
        runs[seed] = n
    return runs
  whole = _settings(cell, lines, True)
  if not whole:
    return {}
  best = min(whole, key=lambda own: _rank([lines[n] for n in own], part))
  return {lines[n]['seed']: n for n in best}


def _settings(cell: Cell, lines: Lines, whole: bool) -> list[list[int]]:
  """The runs of each setting of which all seeds are there, or of the others."""
  size, by_setting = cell.config.seeds, {}
  for n in sorted(lines):
    by_setting.setdefault(n // size, []).append(n)
  return [own for own in by_setting.values() if (len(own) == size) == whole]


def _score(line: dict, part: str | None) -> float:
  value = (
    line.get('score') if part is None else line.get('scores', {}).get(part)
  )
  fine = line['kind'] == 'test' and value is not None
  return value if fine and not math.isnan(value) else math.inf


def _rank(lines: list[dict], part: str | None) -> tuple[int, float]:
  scores = [_score(line, part) for line in lines]
  known = [score for score in scores if score < math.inf]
  mean = sum(known) / len(known) if known else math.inf
  return len(scores) - len(known), mean
