"""Tuned rows and cells drawn at random, without training."""

import numpy as np

from mtl_jax.report.results import Cell, Run, TaskInfo
from mtl_jax.report.tuning.merging import Tuned
from tests.report import fake

TASKS = tuple(
  TaskInfo(t['name'], t['kind'], tuple(map(tuple, t['metrics'])))
  for t in fake.tasks()
)
HEADERS = {split: fake.header(split=split) for split in ('fixed', 'resplit')}


def cell(scheme, noise, split='resplit', gains=(0, 0, 0), scores=None) -> Cell:
  """A cell whose metrics are their level, noise [seeds, tasks] and a gain."""
  runs = []
  for seed, row in enumerate(noise):
    test = {
      task.name: {
        name: fake.LEVEL[name] * (1 + (1 if up else -1) * (gain + one))
        for name, up in task.metrics
      }
      for task, gain, one in zip(TASKS, gains, row, strict=True)
    }
    score = 1.0 if scores is None else float(scores[seed])
    step = dict.fromkeys(test, 5)
    runs.append(
      Run(seed, {}, score=score, valid=test, test=test, best_step=step)
    )
  header = HEADERS[split] | {'scheme': scheme}
  return Cell(header, TASKS, tuple(runs), tuple(runs), {}, ())


def row(scheme, draws, split='resplit') -> Tuned:
  """A tuned row of draws, each (noise [seeds, tasks], scores [seeds])."""
  cells = [cell(scheme, n, split, scores=s) for n, s in draws]
  best = np.argmin([s for _, s in draws], 0)
  chosen = tuple(cells[d].setting[i] for i, d in enumerate(best))
  every = tuple(run for one in cells for run in one.runs)
  merged = cells[0]._replace(runs=every, setting=chosen)
  return Tuned(merged, cells[0], tuple(one.setting for one in cells))


def overlapping(rng, seeds=6, width=3, size=0.02):
  """Noise with the correlation that Nadeau and Bengio assume of resplits."""
  common, own = rng.normal(size=(1, width)), rng.normal(size=(seeds, width))
  return size * (np.sqrt(0.2) * common + np.sqrt(0.8) * own)
