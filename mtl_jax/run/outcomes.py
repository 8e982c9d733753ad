"""What a chunk of runs came to, as records."""

import re
from typing import Any

import jax
import numpy as np

from mtl_jax.cells import Cell, Chunk

UNUSED = 0.01  # share of the use of all experts
MOST_NOTES = 12  # tasks that have a note each
Results = dict[str, dict[str, np.ndarray]]  # task, metric: [R]


def evaluations(
  cell: Cell, chunk: Chunk, step: int, metrics: Any, valid: Results
) -> list[dict]:
  """One record per run: training losses and readings, validation results.

  `metrics` are `train.Metrics` with a leading runs axis.
  """
  return [
    {
      'kind': 'eval',
      **_who(chunk, i),
      'step': step,
      'train_loss': _per_task(cell, metrics.losses[i]),
      'valid': _of_run(valid, i),
      **_readings(metrics.readings, i),
    }
    for i in range(len(chunk.runs))
  ]


def _readings(readings: dict[str, np.ndarray], i: int) -> dict:
  """Of one run, in four digits; nothing where the scheme has none."""
  if not readings:
    return {}
  short = _short()
  return {'readings': {k: short(values[i]) for k, values in readings.items()}}


def probes(
  cell: Cell, chunk: Chunk, step: int, modules: list[str], values: dict
) -> list[dict]:
  """One record per run; `values` as in `probes.Measurements`, `[R, ...]`."""
  short = _short()
  return [
    {
      'kind': 'probe',
      **_who(chunk, i),
      'step': step,
      'batches': cell.config.probe.batches,
      'modules': modules,
      'values': {name: short(own[i]).tolist() for name, own in values.items()},
    }
    for i in range(len(chunk.runs))
  ]


def _short() -> np.vectorize:
  """Four digits; not round(): a share of 0.00001 must not read as 0."""
  return np.vectorize(lambda x: float(f'{x:.4g}'), otypes=[float])


def collapses(
  cell: Cell, chunk: Chunk, steps: tuple[int, int], readings: dict
) -> dict[str, str]:
  """By name, experts that hardly any row used from one step to another."""
  found = {}
  for key, use in readings.items():
    if not re.fullmatch(r'use( of .*)? \(expert\)', key) or use.shape[-1] < 2:
      continue
    where = key.removeprefix('use').removesuffix(' (expert)')
    for run, expert in np.argwhere(use[: len(chunk.runs)] < UNUSED):
      found.setdefault(f'expert {expert}{where}', chunk.runs[run][0])
  return {
    expert: f'{cell.name}: {expert} had under {UNUSED:.0%} of the use in steps '
    f'{steps[0]} to {steps[1]} of seed {seed}'
    for expert, seed in found.items()
  }


def outcomes(
  cell: Cell, chunk: Chunk, state: Any, valid: Results, test: Results
) -> list[dict]:
  """A test record per run that went well, and a failure for any other."""
  return [
    _failure(chunk, i, state)
    if _failed(state, i)
    else {
      'kind': 'test',
      **_who(chunk, i),
      'best_step': _per_task(cell, state.best.step[i]),
      'score': state.best.score[i].mean(),
      'valid': _of_run(valid, i),
      'test': _of_run(test, i),
    }
    for i in range(len(chunk.runs))
  ]


def reference(
  seed: int,
  valid: dict[str, dict[str, float]],
  test: dict[str, dict[str, float]],
) -> dict:
  """The record of models that were not trained in steps."""
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
  params: int,
  flops_per_step: int | None = None,
  steps_per_second: float | None = None,
  seconds: float | None = None,
  compile_seconds: float | None = None,
  probe_seconds: float | None = None,
) -> dict:
  """What a cell cost: numbers of one run, but the seconds of all together."""
  return {
    'kind': 'cost',
    'params': params,
    'flops_per_step': flops_per_step,
    'steps_per_second': steps_per_second,
    'seconds': seconds,
    'compile_seconds': compile_seconds,  # of the last start, within `seconds`
    'probe_seconds': probe_seconds,  # of one look at one run, or None
  }


def notes(
  cell: Cell, unlabelled: np.ndarray, fallbacks: np.ndarray
) -> list[str]:
  """What a cell should say once: counts `[R, K]` and `[R]` of its runs."""
  steps = cell.config.steps
  texts = [
    f'{cell.name}: task {task.name!r} had no valid label in '
    f'{int(count.max())} of {steps} batches; its loss was 0 there'
    for task, count in zip(cell.system.tasks, unlabelled.T, strict=True)
    if count.any()
  ]
  if len(texts) > MOST_NOTES:
    texts = [
      f'{cell.name}: {len(texts)} tasks had no valid label in up to '
      f'{int(unlabelled.max())} of {steps} batches; their losses were 0 there'
    ]
  most = int(fallbacks.max())
  if most:
    texts.append(
      f'{cell.name}: the balancer had no answer in {most} of {steps} '
      'steps; it weighed the tasks equally there'
    )
  return texts


def failures(cell: Cell, outcomes: list[dict]) -> list[str]:
  """One line per run that failed."""
  return [
    f'{cell.name}: seed {o["seed"]} failed at step {o["step"]}: {o["why"]}; '
    'the other runs go on'
    for o in outcomes
    if o['kind'] == 'failed'
  ]


def mean_losses(cell: Cell, losses: np.ndarray) -> dict[str, float]:
  """Training losses `[R, K]` averaged over the runs that are finite."""
  finite = np.isfinite(losses)
  total = np.where(finite, losses, 0).sum(0)
  return _per_task(cell, total / np.maximum(finite.sum(0), 1))


def _failed(state: Any, i: int) -> bool:
  never = not np.isfinite(state.best.score[i]).all()
  return bool(state.failed[i] >= 0) or never


def _failure(chunk: Chunk, i: int, state: Any) -> dict:
  in_training = state.failed[i] >= 0
  return {
    'kind': 'failed',
    **_who(chunk, i),
    'step': int(state.failed[i] if in_training else state.step[i]),
    'why': 'a loss or its gradient was not finite'
    if in_training
    else 'no validation loss was ever finite',
  }


def _who(chunk: Chunk, i: int) -> dict:
  seed, setting = chunk.runs[i]
  return {'run': chunk.first + i, 'seed': seed, 'hp': setting}


def _per_task(cell: Cell, values: np.ndarray) -> dict:
  """One value per task; separate towers have their own, others share one."""
  values = np.broadcast_to(values, len(cell.system.tasks))
  names = [task.name for task in cell.system.tasks]
  return dict(zip(names, values.tolist(), strict=True))


def _of_run(results: Results, i: int) -> dict:
  return jax.tree.map(lambda values: values[i].item(), results)
