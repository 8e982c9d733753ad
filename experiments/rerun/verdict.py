"""Whether a cell that was trained again is equal, in words."""

import pathlib
from typing import Any, NamedTuple

from experiments.rerun import again as reruns
from experiments.rerun import differences
from experiments.rerun.again import Again
from experiments.rerun.differences import Difference
from mtl_jax import records
from mtl_jax.records import made

TOLERANCE = 1e-3  # where code, versions or devices are others; docs/models.md


class Answer(NamedTuple):
  """Whether the results are equal, and the lines that say so."""

  equal: bool
  text: str


def changes(again: Again) -> list[str]:
  """Returns lines on what has changed since the cell was trained.

  Args:
    again: the cell as it is made now.
  """
  keys = reruns.differing(again)
  code = [key for key in keys if reruns.is_code(key)]
  other = [key for key in keys if not reruns.is_code(key)]
  named = (
    ('the code has changed since', code),
    ('the configuration means something else now', other),
    ('conditions are others', _conditions(again)),
  )
  return [f'{text}: {", ".join(found)}' for text, found in named if found]


def _conditions(again: Again) -> list[str]:
  """Versions, devices, precision and flags that differ from any job's."""
  now = _flat(again.facts)
  found = {}
  for job in again.stored.made['jobs']:
    then = _flat(job)
    for key in sorted(then | now):
      if then.get(key) != now.get(key):
        found[key] = f'{key} {_shown(then, key)} then, {_shown(now, key)} now'
  return [*found.values()]


def _shown(facts: dict[str, Any], key: str) -> Any:
  value = facts.get(key)
  return 'none' if value in (None, '', {}) else value


def _flat(facts: dict[str, Any]) -> dict[str, Any]:
  known = made.decisive(facts)
  del known['code']  # `differing` compares it.
  return records.flat({k: v or {} for k, v in known.items()})


def of(again: Again, folder: pathlib.Path, asked: float | None) -> Answer:
  """Compares the stored cell with the one that was trained again.

  Args:
    again: the cell.
    folder: that it was trained in.
    asked: the tolerance; None for the default.

  Returns:
    The answer, with the largest difference by task and metric.
  """
  stored = again.stored
  numbers = {number: number for number in again.runs}
  then = differences.by_key(stored.lines, numbers)
  if not again.row:
    numbers = dict(enumerate(again.runs))
  now = differences.by_key(list(records.read(folder)), numbers)
  found = differences.of_lines(then, now)
  # Of some of the runs no model is kept.
  whole = again.is_whole and not again.row
  models = differences.of_models(stored.folder, folder) if whole else {}
  tolerance = asked
  if asked is None:
    tolerance = TOLERANCE if changes(again) or not again.is_whole else 0.0
  title = f'{_name(stored.made)} ({stored.folder.name})'
  what = f'{len(then)} records' + ' and the kept model' * bool(
    whole and _keeps(stored.folder)
  )
  if not found and not models:
    return Answer(True, f'{title}: equal to the bit: {what}')
  equal, text = _judged(found, models, tolerance)
  return Answer(equal, f'{title}: {text}{_of_models(models)}')


def _name(known: dict[str, Any]) -> str:
  return ', '.join(filter(None, (known['scheme'], known['balancer'])))


def _keeps(folder: pathlib.Path) -> bool:
  return any((folder / n).exists() for n in ('model.json', 'predictions.npz'))


def _judged(
  found: list[Difference], models: dict[str, float], tolerance: float
) -> tuple[bool, str]:
  """Judges by the records, and where they must be equal by the model too."""
  if not tolerance:
    if not found:
      return False, 'different: the records are equal'
    return False, f'different: {_largest(found)}'
  # A difference in rounding may choose another step of equal quality.
  numbers = [own for own in found if not own.of_step]
  beyond = [own for own in numbers if own.size > tolerance]
  if not beyond:
    said = _largest(numbers) if numbers else 'the records are equal'
    return True, f'equal to within {tolerance:g}: {said}'
  return False, (
    f'different: {len(beyond)} numbers by more than {tolerance:g}; '
    f'{_largest(beyond)}'
  )


def _largest(found: list[Difference]) -> str:
  worst = max(found, key=lambda own: own.size)
  return f'the largest difference is {worst.size:.2g}, in {worst.text}'


def _of_models(models: dict[str, float]) -> str:
  if not models:
    return ''
  name = max(models, key=models.__getitem__)
  return f'; the kept model differs by up to {models[name]:.2g}, in {name}'
