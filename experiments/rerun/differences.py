"""Differences between the records and the models of two trainings."""

import json
import math
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mtl_jax.records import model_files

KINDS = ('eval', 'probe', 'test', 'failed')
# What a line is about, rather than what was found.
ABOUT = ('kind', 'run', 'seed', 'hp')

Key = tuple[str, int, int | None]  # kind, number of the run, step
Path = tuple[str, ...]


class Difference(NamedTuple):
  """A value that differs.

  Attributes:
    where: kind of record, number of the run, step.
    path: keys in the record, such as `test, offtrt, auc`.
    then: its value in the stored cell.
    now: its value in the cell that was trained again.
    size: share of the value, or the difference itself where that is below 1;
      infinity where it is none of a number.
  """

  where: Key
  path: Path
  then: Any
  now: Any
  size: float

  @property
  def of_step(self) -> bool:
    """Whether it is the number of a step, which a rounding may change."""
    return any('step' in name for name in self.path)

  @property
  def text(self) -> str:
    """Such as `test auc of offtrt, run 3: 0.61 then, 0.62 now`."""
    kind, run, step = self.where
    at = f', step {step}' if kind in ('eval', 'probe') else ''
    values = f'{_short(self.then)} then, {_short(self.now)} now'
    return f'{_named(kind, self.path)}, run {run}{at}: {values}'


def by_key(
  lines: Sequence[dict], runs: Mapping[int, int]
) -> dict[Key, dict[str, Any]]:
  """Returns the results of some runs; of a repeated line the last counts.

  Args:
    lines: the records of a cell.
    runs: by number in these records, the number in the stored cell.
  """
  return {
    (line['kind'], runs[line['run']], _step(line)): line
    for line in lines
    if line['kind'] in KINDS and line['run'] in runs
  }


def _step(line: dict) -> int | None:
  return line.get('step') if line['kind'] in ('eval', 'probe') else None


def of_lines(
  then: Mapping[Key, dict], now: Mapping[Key, dict]
) -> list[Difference]:
  """Compares the results of two trainings.

  Args:
    then: of the stored cell, from `by_key`.
    now: of the cell that was trained again.
  """
  found = []
  for key in dict.fromkeys([*then, *now]):
    ours, theirs = (_leaves(lines.get(key)) for lines in (then, now))
    for path in dict.fromkeys([*ours, *theirs]):
      a, b = ours.get(path, 'nothing'), theirs.get(path, 'nothing')
      if a != b:
        found.append(Difference(key, path, a, b, _size(a, b)))
  return found


def _leaves(line: dict | None) -> dict[Path, Any]:
  # The step of an evaluation is a part of its key; that of a failure is not.
  about = ABOUT if line is None or _step(line) is None else (*ABOUT, 'step')
  own = {k: v for k, v in (line or {}).items() if k not in about}
  return dict(_flat(own, ()))


def _flat(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
  if isinstance(value, dict):
    for name, inner in value.items():
      yield from _flat(inner, (*path, name))
  elif isinstance(value, list):
    for number, inner in enumerate(value):
      yield from _flat(inner, (*path, str(number)))
  else:
    yield path, value


def _size(a: Any, b: Any) -> float:
  numbers = all(isinstance(x, int | float) for x in (a, b))
  return abs(a - b) / max(1, abs(a), abs(b)) if numbers else math.inf


def _short(value: Any) -> str:
  return f'{value:.9g}' if isinstance(value, float) else str(value)


def _named(kind: str, path: Path) -> str:
  """`test auc of offtrt`, or the keys of another entry."""
  if len(path) == 3 and path[0].startswith(('valid', 'test')):
    split, task, metric = path
    return f'{split.replace("_", " of the ")} {metric} of {task}'
  return f'{kind} {".".join(path)}'


def of_models(then: pathlib.Path, now: pathlib.Path) -> dict[str, float]:
  """Compares two kept models, or predictions where those alone are kept.

  Args:
    then: folder of the stored cell.
    now: folder of the cell that was trained again.

  Returns:
    By name of an array, the largest difference as a share of its largest
    number (or of 1, if that is less); arrays that are equal to the bit are left
    out.
  """
  ours, theirs = _arrays(then), _arrays(now)
  return {
    name: _largest(ours.get(name), theirs.get(name))
    for name in sorted(ours | theirs)
    if not _equal(ours.get(name), theirs.get(name))
  }


def _arrays(folder: pathlib.Path) -> dict[str, np.ndarray]:
  path = folder / model_files.MODEL
  found = {
    f'predictions {name}': values
    for name, values in model_files.read_predictions(folder).items()
  }
  if path.is_file():
    described = json.loads(path.read_text('utf-8'))
    found |= model_files.read_arrays(folder, described)
  return found


def _equal(a: np.ndarray | None, b: np.ndarray | None) -> bool:
  if a is None or b is None:
    return False
  return a.shape == b.shape and a.tobytes() == b.tobytes()


def _largest(a: np.ndarray | None, b: np.ndarray | None) -> float:
  if a is None or b is None or a.shape != b.shape:
    return math.inf
  a, b = (np.asarray(x, np.float64) for x in (a, b))
  if not np.array_equal(np.isfinite(a), np.isfinite(b)):
    return math.inf
  scale = max(1.0, np.abs(a[np.isfinite(a)]).max(initial=0))
  return float(np.abs(np.nan_to_num(a) - np.nan_to_num(b)).max() / scale)
