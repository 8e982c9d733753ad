"""Cells: the records of one trained configuration, read into tuples."""

import json
import pathlib
import re
import types
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mtl_jax import records
from mtl_jax.errors import InputError

REPEATS = {
  'fixed': 'seeds on one split',
  'resplit': 'resplits',
  'drawn': 'seeds, each with rows of its own',
}


class TaskInfo(NamedTuple):
  """A task; `metrics` are (name, higher is better), the headline first."""

  name: str
  kind: str
  metrics: tuple[tuple[str, bool], ...]


class Reading(NamedTuple):
  """A value that a scheme logs in training; `axes` name its dimensions."""

  name: str
  axes: tuple[str, ...]


class Eval(NamedTuple):
  """One evaluation on the validation split.

  Attributes:
    step: after which it was made.
    valid: {task: {metric: value}}; None where a metric cannot be computed.
    readings: means over the training steps since the previous evaluation; NaN
      where a value was not finite.
  """

  step: int
  valid: dict[str, dict[str, float | None]]
  readings: Mapping[Reading, np.ndarray] = types.MappingProxyType({})


class Run(NamedTuple):
  """One training: a seed at one setting of the hyperparameters.

  Attributes:
    seed: of the run.
    hp: the hyperparameters.
    curve: its evaluations, by step.
    score: mean validation loss at the selected parameters.
    valid: metrics at the selected parameters, as in `Eval`.
    test: the same on the test split; None if the run failed.
    best_step: by task, the step of the selected parameters; empty if it has
      none.
    why: it failed; '' if it did not.
    step: at which it failed.
  """

  seed: int
  hp: dict[str, Any]
  curve: tuple[Eval, ...] = ()
  score: float | None = None
  valid: dict[str, dict[str, float | None]] | None = None
  test: dict[str, dict[str, float | None]] | None = None
  best_step: Mapping[str, int] = types.MappingProxyType({})
  why: str = ''
  step: int | None = None


class Cell(NamedTuple):
  """One trained (scheme, balancer).

  Attributes:
    header: the first record, as written.
    tasks: in order.
    runs: all, of every setting.
    setting: the runs at the selected hyperparameters.
    cost: of the whole cell, see `compare.rows.COST`; None where unknown.
    notes: of the trainings, for the reader of a table.
  """

  header: dict[str, Any]
  tasks: tuple[TaskInfo, ...]
  runs: tuple[Run, ...]
  setting: tuple[Run, ...]
  cost: dict[str, float | None]
  notes: tuple[str, ...]

  @property
  def scheme(self) -> str:
    """The scheme's name, as in the config."""
    return self.header['scheme']

  @property
  def balancer(self) -> str:
    """The balancer's name; '' for one that takes none."""
    return self.header['balancer']

  @property
  def label(self) -> str:
    """The scheme's name, with the balancer's where that is not `equal`."""
    plain = self.balancer in ('', 'equal')
    return self.scheme if plain else f'{self.scheme} + {self.balancer}'

  @property
  def is_baseline(self) -> bool:
    """Whether the others are compared with it: `single` with `equal`."""
    return (self.scheme, self.balancer) == ('single', 'equal')

  @property
  def completed(self) -> tuple[Run, ...]:
    """The runs of the selected setting that were tested."""
    return tuple(r for r in self.setting if r.test is not None)

  @property
  def test_over_train(self) -> float | None:
    """Test rows over training rows for resplits, which overlap; else None."""
    if self.header['split'] != 'resplit':
      return None
    return self.header['n_test'] / self.header['n_train']

  @property
  def repeats(self) -> str:
    """What differs from seed to seed."""
    return REPEATS[self.header['split']]

  def values(self, task: str, metric: str) -> dict[int, float]:
    """Returns a test metric by seed.

    Args:
      task: its name.
      metric: its name.

    Returns:
      {seed: value}, without failed runs and seeds where the metric has no
      value.
    """
    values = {r.seed: r.test[task].get(metric) for r in self.completed}
    return {seed: float(v) for seed, v in values.items() if v is not None}


def load(folder: pathlib.Path) -> Cell:
  """Reads the cell in a folder.

  Args:
    folder: with its records.

  Returns:
    The cell, with the best setting selected.

  Raises:
    InputError: the records are missing or not complete.
  """
  lines = list(records.read(pathlib.Path(folder)))
  by_kind: dict[str, list[dict]] = {}
  for line in lines:
    by_kind.setdefault(line['kind'], []).append(line)
  if 'cell' not in by_kind or 'done' not in by_kind:
    raise InputError(
      f'{folder}: the records are not complete; run the same command again'
    )
  # A resumed cell repeats records: the last header and the last costs count,
  # and each note once.
  header = by_kind['cell'][-1]
  runs = _runs(lines)
  notes = dict.fromkeys(line['text'] for line in by_kind.get('note', []))
  cost = by_kind.get('cost', [{}])[-1]
  return Cell(header, _tasks(header), runs, select(runs), cost, tuple(notes))


def select(runs: Sequence[Run]) -> tuple[Run, ...]:
  """Returns the runs of the best setting.

  The best has the fewest failures, then the lowest mean validation score.
  """
  return min(settings(runs).values(), key=_rank, default=())


def settings(runs: Sequence[Run]) -> dict[str, tuple[Run, ...]]:
  """Groups runs by their hyperparameters, each in the order of the seeds."""
  by_setting: dict[str, tuple[Run, ...]] = {}
  for run in sorted(runs, key=lambda run: run.seed):
    # Hyperparameters hold lists, which cannot be dictionary keys.
    key = json.dumps(run.hp, sort_keys=True)
    by_setting[key] = (*by_setting.get(key, ()), run)
  return by_setting


def _runs(lines: list[dict]) -> tuple[Run, ...]:
  # A resumed run repeats lines: the last one of a (run, step) counts.
  runs, curves = {}, {}
  for line in lines:
    if line['kind'] == 'eval':
      readings = dict(
        _reading(*item) for item in line.get('readings', {}).items()
      )
      evaluation = Eval(line['step'], line['valid'], readings)
      curves.setdefault(line['run'], {})[line['step']] = evaluation
    elif line['kind'] in ('test', 'failed'):
      runs[line['run']] = line
  return tuple(_run(line, curves.get(i, {})) for i, line in runs.items())


def _reading(key: str, values: Any) -> tuple[Reading, np.ndarray]:
  """`'gate (task, expert)'` and a nested list."""
  array = np.array(values, float)
  match = re.fullmatch(r'(.+) \(([^()]+)\)', key)
  axes = tuple(match[2].split(', ')) if match else ()
  if len(axes) == array.ndim:
    return Reading(match[1] if match else key, axes), array
  # Brackets of the name's own, or axes that were not named.
  return Reading(key, ('entry',) * array.ndim), array


def _run(line: dict, curve: dict[int, Eval]) -> Run:
  points = tuple(curve[step] for step in sorted(curve))
  names = ('score', 'valid', 'test', 'best_step', 'why', 'step')
  fields = {name: line[name] for name in names if name in line}
  return Run(line['seed'], line['hp'], points, **fields)


def _tasks(header: dict) -> tuple[TaskInfo, ...]:
  return tuple(
    TaskInfo(t['name'], t['kind'], tuple((m, up) for m, up in t['metrics']))
    for t in header['tasks']
  )


def _rank(setting: tuple[Run, ...]) -> tuple[int, float]:
  scores = [r.score for r in setting if r.test is not None]
  # A run without a score counts as failed, and failures rank first: a setting
  # that fails on some seeds must not win by the others.
  known = [s for s in scores if s is not None]
  mean = sum(known) / len(known) if known else float('inf')
  return len(setting) - len(known), mean
