"""Cells whose curves are formulas, so that the truth of a claim is known."""

import numpy as np

from mtl_jax.report.results import Cell, Eval, Run, TaskInfo
from tests.report import fake

TASKS = (
  TaskInfo('a', 'binary', (('auc', True),)),
  TaskInfo('b', 'binary', (('auc', True),)),
)
STEPS, EVERY = 1000, 50
COST = {
  'params': 1000,
  'flops_per_step': 1e6,
  'predict_flops': 2e4,
  'steps_per_second': 100.0,
  'seconds': 10.0,
}


def cell(
  scheme='single',
  speed=1.0,
  overfits=0.0,
  noise=0.0,
  seeds=8,
  split='resplit',
  gain=0.0,
  draw=0,
  **cost,
):
  """A cell of two tasks.

  The training loss falls from .8 towards .2, `speed` times as fast as that of
  `single`; the validation loss is that loss and .05, and `overfits` times what
  the training loss has fallen; AUC is one less the validation loss.
  """
  rng = np.random.default_rng([draw, *scheme.encode()])
  named = [
    {'name': t.name, 'kind': t.kind, 'metrics': [[*m] for m in t.metrics]}
    for t in TASKS
  ]
  head = fake.header(
    scheme,
    tasks=named,
    split=split,
    seeds=[*range(seeds)],
    comparable={'steps': STEPS, 'evals': STEPS // EVERY},
  )
  runs = tuple(_run(rng, s, speed, overfits, noise, gain) for s in range(seeds))
  return Cell(head, TASKS, runs, runs, COST | cost, ())


def _run(rng, seed, speed, overfits, noise, gain):
  # What a split does to every scheme alike, and to this one.
  hard = 0.02 * np.random.default_rng(seed).normal()
  speed *= np.exp(0.05 * rng.normal())
  curve = []
  for step in range(0, STEPS + 1, EVERY):
    fitted, middle = (_fit(speed * x) for x in (step, step - EVERY / 2))
    losses = {
      t.name: fitted
      + 0.05
      + overfits * (0.8 - fitted)
      + hard
      + noise * rng.normal()
      for t in TASKS
    }
    valid = {n: {'loss': x, 'auc': 1 - x} for n, x in losses.items()}
    train = {t.name: middle for t in TASKS} if step else {}
    curve.append(Eval(step, valid, train_loss=train))
  best = min(curve, key=lambda e: sum(v['loss'] for v in e.valid.values()))
  test = {
    n: {'loss': v['loss'], 'auc': v['auc'] * (1 + gain) + 0.005 * rng.normal()}
    for n, v in best.valid.items()
  }
  return Run(
    seed,
    {},
    tuple(curve),
    valid=best.valid,
    test=test,
    best_step={t.name: best.step for t in TASKS},
  )


def _fit(steps):
  return float(0.2 + 0.6 * np.exp(-steps / 300))
