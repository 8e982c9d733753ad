"""The choice among settings of hyperparameters, on validation alone."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from mtl_jax.report.runs import Eval, Run


def select(runs: Sequence[Run], split: str) -> tuple[Run, ...]:
  """Returns a run for each seed, at the setting that validation chooses.

  With resplits every seed chooses by its own validation rows. They overlap with
  the test rows of other resplits, so that a choice by the mean over seeds would
  be a choice on test rows. Separate towers choose a setting for each task.

  Args:
    runs: of every seed and setting.
    split: of the cell's header. With 'resplit' the choice is made for each
      seed, among the settings that completed; otherwise for all seeds at once:
      fewest failures first, then the lowest mean score.

  Returns:
    In the order of the seeds. Where the tasks chose different settings, runs
    are composed of theirs. A seed with which every setting failed has a run
    that failed.
  """
  tasks = _towers(runs)
  by_task = {task: _picked(runs, split, task) for task in tasks or (None,)}
  if not tasks:
    return by_task[None]
  seeds = zip(*by_task.values(), strict=True)
  return tuple(composed(dict(zip(tasks, own, strict=True))) for own in seeds)


def settings(runs: Sequence[Run]) -> dict[str, tuple[Run, ...]]:
  """Groups runs by their hyperparameters, each in the order of the seeds."""
  by_setting: dict[str, tuple[Run, ...]] = {}
  for run in sorted(runs, key=lambda run: run.seed):
    # Hyperparameters hold lists, which cannot be dictionary keys.
    key = json.dumps(run.hp, sort_keys=True)
    by_setting[key] = (*by_setting.get(key, ()), run)
  return by_setting


def separate(runs: Sequence[Run]) -> bool:
  """Returns whether every task has a network of its own.

  Its parts then have scores of their own. So has a joint model with a
  checkpoint per task, whose records also hold the model's one checkpoint.

  Args:
    runs: of one cell.
  """
  return any(
    run.test_model is None and len(set(run.scores.values())) > 1 for run in runs
  )


def score(run: Run, task: str | None = None) -> float:
  """Returns the score by which a setting is chosen; lower is better.

  Args:
    run: infinity if it failed.
    task: of separate towers; None is the whole model.
  """
  own = run.scores.get(task, run.score) if task else run.score
  known = run.test is not None and own is not None and not math.isnan(own)
  return float(own) if known else math.inf


def composed(parts: Mapping[str, Run]) -> Run:
  """Composes a run of one seed of several, for separate towers.

  Args:
    parts: by task, the run at the setting that the task chose.

  Returns:
    Test, validation, steps and scores of each task from its own run, and the
    mean of the scores. Readings of the schemes are left out, since they speak
    of a whole run.
  """
  first, *others = parts.values()
  hp_of = {task: run.hp for task, run in parts.items()}
  # On one split tasks may choose settings that failed with different seeds.
  failed = [run for run in parts.values() if run.test is None]
  if failed:
    return failed[0]
  if all(run is first for run in others):
    return first._replace(hp_of=hp_of)
  scores = {task: score(run, task) for task, run in parts.items()}
  return Run(
    first.seed,
    _shared([run.hp for run in parts.values()]),
    _curve(parts),
    sum(scores.values()) / len(scores),
    {task: run.valid[task] for task, run in parts.items()},
    {task: run.test[task] for task, run in parts.items()},
    {task: run.best_step[task] for task, run in parts.items()},
    scores=scores,
    hp_of=hp_of,
  )


def _towers(runs: Sequence[Run]) -> tuple[str, ...]:
  """The tasks of separate towers; () where one setting serves all tasks."""
  if not separate(runs):
    return ()
  return next(tuple(run.scores) for run in runs if run.scores)


def _picked(
  runs: Sequence[Run], split: str, task: str | None
) -> tuple[Run, ...]:
  if split != 'resplit':
    by_setting = settings(runs).values()
    return min(by_setting, key=lambda own: _rank(own, task), default=())
  by_seed: dict[int, list[Run]] = {}
  for run in runs:
    by_seed.setdefault(run.seed, []).append(run)
  return tuple(
    min(by_seed[seed], key=lambda run: score(run, task))
    for seed in sorted(by_seed)
  )


def _rank(setting: tuple[Run, ...], task: str | None) -> tuple[int, float]:
  scores = [score(run, task) for run in setting]
  # A run without a score counts as failed, and failures rank first: a setting
  # that fails on some seeds must not win by the others.
  known = [s for s in scores if s < math.inf]
  mean = sum(known) / len(known) if known else math.inf
  return len(scores) - len(known), mean


def _shared(hps: Sequence[dict[str, Any]]) -> dict[str, Any]:
  first, *others = hps
  return {
    key: value
    for key, value in first.items()
    if all(hp.get(key, None) == value for hp in others)
  }


def _curve(parts: Mapping[str, Run]) -> tuple[Eval, ...]:
  by_task = {
    task: {e.step: e.valid[task] for e in run.curve}
    for task, run in parts.items()
  }
  steps = set.intersection(*(set(own) for own in by_task.values()))
  return tuple(
    Eval(step, {task: own[step] for task, own in by_task.items()})
    for step in sorted(steps)
  )
