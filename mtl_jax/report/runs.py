"""What a cell's records hold: tasks, evaluations and runs, as tuples."""

import re
import types
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

# The fields of a run that its last record holds under the same names.
RECORDED = (
  *('score', 'scores', 'valid', 'test', 'best_step', 'why', 'step'),
  *('valid_model', 'test_model', 'best_step_model', 'stopped_step'),
)


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
    weights: of the balancer by task, means likewise; None if not recorded.
    train_loss: by task, the mean likewise; empty if not recorded.
  """

  step: int
  valid: dict[str, dict[str, float | None]]
  readings: Mapping[Reading, np.ndarray] = types.MappingProxyType({})
  weights: Mapping[str, float] | None = None
  train_loss: Mapping[str, float] = types.MappingProxyType({})


class Run(NamedTuple):
  """One training: a seed at one setting of the hyperparameters.

  Attributes:
    seed: of the run.
    hp: the hyperparameters; of a run composed of several, those that all of
      its tasks have in common.
    curve: its evaluations, by step.
    score: by which settings are chosen, on validation, at the selected
      parameters: a mean over the parts of the model; lower is better.
    valid: metrics at the selected parameters, as in `Eval`.
    test: the same on the test split; None if the run failed.
    best_step: by task, the step of the selected parameters; empty if it has
      none.
    why: it failed; '' if it did not.
    step: at which it failed.
    scores: by task, the score of the part of the model that predicts it; empty
      in older records.
    valid_model: with a checkpoint per task in a joint model, `valid` of the one
      checkpoint of the whole model; otherwise None.
    test_model: likewise, `test`.
    best_step_model: likewise, `best_step`.
    stopped_step: at which it stopped early; None if it did not.
    number: of the run in the cell's records; -1 if it is composed.
    hp_of: by task, the hyperparameters, where tasks have their own; otherwise
      empty.
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
  scores: Mapping[str, float | None] = types.MappingProxyType({})
  valid_model: dict[str, dict[str, float | None]] | None = None
  test_model: dict[str, dict[str, float | None]] | None = None
  best_step_model: Mapping[str, int] | None = None
  stopped_step: int | None = None
  number: int = -1
  hp_of: Mapping[str, dict[str, Any]] = types.MappingProxyType({})

  @property
  def chosen(self) -> list[dict[str, Any]]:
    """The hyperparameters of its parts: one, or one for each task."""
    return list(self.hp_of.values()) or [self.hp]


def of_lines(lines: Sequence[dict[str, Any]]) -> tuple[Run, ...]:
  """Returns the runs of a cell, with their curves.

  Args:
    lines: all records of the cell, in order.
  """
  # A resumed run repeats lines: the last one of a (run, step) counts.
  runs, curves = {}, {}
  for line in lines:
    if line['kind'] == 'eval':
      readings = dict(
        _reading(*item) for item in line.get('readings', {}).items()
      )
      evaluation = Eval(
        line['step'],
        line['valid'],
        readings,
        line.get('weights'),
        line.get('train_loss') or {},
      )
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
  fields = {name: line[name] for name in RECORDED if name in line}
  return Run(line['seed'], line['hp'], points, number=line['run'], **fields)
