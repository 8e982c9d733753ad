"""The records of a chunk of runs: evaluations, probes, results, cost."""

from typing import Any

import jax
import numpy as np

from mtl_jax.cells import Cell, Chunk, scoring
from mtl_jax.run import stops

Results = dict[str, dict[str, np.ndarray]]  # task, metric: [R]


def evaluations(
  cell: Cell, chunk: Chunk, step: int, metrics: Any, valid: Results
) -> list[dict]:
  """Makes one record per run at an evaluation.

  Args:
    cell: of the runs.
    chunk: the runs. Arrays may have more rows, of runs that repeat the last.
    step: training steps that each run has taken.
    metrics: `train.Metrics` with a leading runs axis; losses `[R, K]`.
    valid: results on the validation split, `[R]` by task and metric.
  """
  return [
    {
      'kind': 'eval',
      **_run_of(chunk, i),
      'step': step,
      'train_loss': _per_task(cell, metrics.losses[i]),
      **_weights(cell, metrics.weights[i]),
      'valid': _of_run(valid, i),
      **_readings(metrics.readings, i),
    }
    for i in range(len(chunk.runs))
  ]


def _weights(cell: Cell, weights: np.ndarray) -> dict:
  """Weights `[K]` of a run; `{}` for a method that combines without any."""
  balancer = cell.system.balancer
  if balancer.needs_grads and not balancer.reported_weights:
    return {}
  return {'weights': _per_task(cell, weights)}


def _readings(readings: dict[str, np.ndarray], i: int) -> dict:
  """Readings of run `i` in four digits; `{}` where the scheme has none."""
  if not readings:
    return {}
  rounded = _rounding()
  return {'readings': {k: rounded(values[i]) for k, values in readings.items()}}


def probes(
  cell: Cell, chunk: Chunk, step: int, modules: list[str], values: dict
) -> list[dict]:
  """Makes one record per run of a measurement of interference.

  Args:
    cell: of the runs.
    chunk: the runs.
    step: training steps that each run has taken.
    modules: names of the modules that are measured.
    values: by measure, `[R, ...]`; see `interference.probes.Measurements`.
  """
  rounded = _rounding()
  return [
    {
      'kind': 'probe',
      **_run_of(chunk, i),
      'step': step,
      'batches': cell.config.probe.batches,
      'modules': modules,
      'values': {k: rounded(v[i]).tolist() for k, v in values.items()},
    }
    for i in range(len(chunk.runs))
  ]


def _rounding() -> np.vectorize:
  """Returns a function that rounds to four significant digits."""
  # Not round(): a share of 0.00001 must not become 0.
  return np.vectorize(lambda x: float(f'{x:.4g}'), otypes=[float])


def outcomes(
  cell: Cell,
  chunk: Chunk,
  state: Any,
  valid: Results,
  test: Results,
  of_tasks: tuple[Results, Results] | None = None,
) -> list[dict]:
  """Makes one record per run: its test results, or why it failed.

  Args:
    cell: of the runs.
    chunk: the runs.
    state: `train.TrainState` of all runs after their last step, on the host.
    valid: validation results of the best parameters, `[R]` by task and metric.
    test: test results of the same parameters.
    of_tasks: both of each task at its own best step, or None where parameters
      are kept for the whole model.
  """
  ends = stops.steps(cell, state.best).tolist()
  return [
    _failure(chunk, i, state)
    if _failed(state, i, ends[i])
    else {
      'kind': 'test',
      **_run_of(chunk, i),
      **({'stopped_step': ends[i]} if ends[i] < cell.config.steps else {}),
      **_selected(cell, chunk.runs[i][1], state.best, i),
      **_tested(valid, test, of_tasks, i),
    }
    for i in range(len(chunk.runs))
  ]


def _selected(cell: Cell, setting: dict, best: Any, i: int) -> dict:
  """Steps and scores of the parameters of run `i` that are reported."""
  own = best.of_tasks or best
  scores = _per_task(cell, own.score[i])
  score = np.average(list(scores.values()), weights=cell.counted(setting))
  step = _per_task(cell, own.step[i])
  selected = {'best_step': step, 'score': score, 'scores': scores}
  if best.of_tasks:
    selected['best_step_model'] = _per_task(cell, best.step[i])
  return selected


def _tested(valid: Results, test: Results, of_tasks: Any, i: int) -> dict:
  model = {'valid': _of_run(valid, i), 'test': _of_run(test, i)}
  if not of_tasks:
    return model
  each = dict(zip(model, (_of_run(r, i) for r in of_tasks), strict=True))
  return each | {f'{name}_model': found for name, found in model.items()}


def reference(
  seed: int,
  valid: dict[str, dict[str, float]],
  test: dict[str, dict[str, float]],
) -> dict:
  """Makes the record of models that are not trained in steps.

  Args:
    seed: of the run.
    valid: validation results by task and metric; `{}` for a task without model.
    test: test results, likewise.
  """
  return {
    'kind': 'test',
    'run': seed,
    'seed': seed,
    'hp': {},
    'best_step': {},
    'score': np.mean([task['loss'] for task in valid.values() if task]),
    'valid': valid,
    'test': test,
  }


def cost(
  params: int | None,
  flops_per_step: int | None = None,
  steps_per_second: float | None = None,
  seconds: float | None = None,
  compile_seconds: float | None = None,
  probe_seconds: float | None = None,
  predict_flops: int | None = None,
  peak_memory: int | None = None,
  grad_tag_seconds: float | None = None,
) -> dict:
  """Makes the record of what a cell cost; None is written as it is.

  Args:
    params: learned numbers of one run; None for trees, which have none.
    flops_per_step: floating-point operations of one step of one run.
    steps_per_second: of all runs together.
    seconds: of all runs together, with compiling.
    compile_seconds: of the last job that trained the cell; part of `seconds`.
    probe_seconds: of one measurement of interference of one run.
    predict_flops: floating-point operations of predicting all tasks of a row.
    peak_memory: bytes on one device, as the compiler reports.
    grad_tag_seconds: of Grad-TAG of one run, once after the training.
  """
  return {
    'kind': 'cost',
    'params': params,
    'flops_per_step': flops_per_step,
    'steps_per_second': steps_per_second,
    'seconds': seconds,
    'compile_seconds': compile_seconds,
    'probe_seconds': probe_seconds,
    'predict_flops': predict_flops,
    'peak_memory': peak_memory,
    'grad_tag_seconds': grad_tag_seconds,
  }


def mean_losses(cell: Cell, losses: np.ndarray) -> dict[str, float]:
  """Averages training losses over the runs whose losses are finite.

  Args:
    cell: of the runs.
    losses: `[R, K]`.

  Returns:
    By task; 0 where no run has a finite loss.
  """
  finite = np.isfinite(losses)
  total = np.where(finite, losses, 0).sum(0)
  return _per_task(cell, total / np.maximum(finite.sum(0), 1))


def score(
  cell: Cell, chunk: Chunk, valid: Results, scale: np.ndarray, going: Any
) -> float:
  """The validation score of the parameters of now.

  Args:
    cell: of the runs.
    chunk: the runs.
    valid: results on the validation split, `[R]` by task and metric.
    scale: `[R, K]`, see `Inputs.scale`.
    going: `[R]`, whether a run still trains; others do not count.

  Returns:
    The mean over the runs whose score is finite; NaN if there is none.
  """
  values = scoring.values(cell.system.tasks, valid, scale, cell.config.select)
  counted = [cell.counted(setting) for _, setting in chunk.padded]
  scores = np.average(values, axis=1, weights=counted)[: len(chunk.runs)]
  finite = scores[going[: len(scores)] & np.isfinite(scores)]
  return float(finite.mean()) if finite.size else float('nan')


def _failed(state: Any, i: int, end: int) -> bool:
  # Without a finite validation loss no best parameters were selected.
  best = (state.best, *([state.best.of_tasks] if state.best.of_tasks else ()))
  never_selected = not all(np.isfinite(b.score[i]).all() for b in best)
  # A run that has stopped goes on beside others, where it no longer counts.
  return bool(0 <= state.failed[i] < end) or never_selected


def _failure(chunk: Chunk, i: int, state: Any) -> dict:
  in_training = state.failed[i] >= 0
  return {
    'kind': 'failed',
    **_run_of(chunk, i),
    'step': int(state.failed[i] if in_training else state.step[i]),
    'why': 'a loss or its gradient was not finite'
    if in_training
    else 'no validation loss was ever finite',
  }


def _run_of(chunk: Chunk, i: int) -> dict:
  seed, setting = chunk.runs[i]
  return {'run': chunk.first + i, 'seed': seed, 'hp': setting}


def _per_task(cell: Cell, values: np.ndarray) -> dict:
  """By task, values `[K]`, or the one value `[1]` that all tasks share."""
  # A scheme with separate towers selects the best step of each task, `[K]`;
  # any other selects one step for all, `[1]`.
  values = np.broadcast_to(values, len(cell.system.tasks))
  names = [task.name for task in cell.system.tasks]
  return dict(zip(names, values.tolist(), strict=True))


def _of_run(results: Results, i: int) -> dict:
  return jax.tree.map(lambda values: values[i].item(), results)
