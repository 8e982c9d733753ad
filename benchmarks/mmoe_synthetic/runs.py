"""The runs of MMoE's synthetic experiment and the rows of its CSV files.

The networks are those of section 5.1 of the paper: 100 inputs, eight experts of
one layer of 16 units, and towers of 8 units. Shared-Bottom has a shared layer
with about as many weights.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import jax
import numpy as np

from configs import synthetic
from mtl_jax import cells
from mtl_jax.cells import build, settings
from mtl_jax.cells.choices import choice
from mtl_jax.data import synthetic as worlds
from mtl_jax.data.base import Data
from mtl_jax.report import results as report_cells
from mtl_jax.report import stats

MODELS = {'hard': 'Shared-Bottom', 'omoe': 'OMoE', 'mmoe': 'MMoE'}
CORRELATIONS = (0.5, 0.9, 1.0)
RATES = (1e-4, 1e-3, 1e-2)
TUNED_AT, TUNING_SEEDS = 0.9, 10  # p and worlds of the search for a rate
EVALS, BATCH = 30, 64
# Sizes of section 5.1. With 113 units in its shared layer, Shared-Bottom has
# 13,108 weights, next to 13,056 in the experts and towers of the others.
EXPERTS, UNITS, BOTTOM, TOWER = 8, 16, 113, 8

Row = dict[str, Any]
Shares = dict[tuple[int, str], float]


def config(
  model: str, p: float, rates: Sequence[float], seeds: range, steps: int
) -> Any:
  """Returns the config of a model at a correlation.

  Args:
    model: a scheme, one of `MODELS`.
    p: cosine of the tasks' weights; each seed is another world.
    rates: learning rates to compare.
    seeds: of the worlds and initialisations.
    steps: of every run.
  """
  made = synthetic.get_config()
  made.datasets.synthetic.related = p
  made.scheme = model
  # Expert and shared layer are the encoder's first stage, the tower its second.
  experts = model != 'hard'
  made.encoders.mlp.widths = (UNITS if experts else BOTTOM, TOWER)
  if experts:
    made.schemes[model].num_experts = EXPERTS
  made.schemes[model]['tower_from' if experts else 'split_at'] = 1
  made.first_seed, made.seeds = seeds.start, len(seeds)
  made.steps, made.evals, made.batch_size = steps, EVALS, BATCH
  made.hp.lr = tuple(rates)
  return made


def tuning(steps: int) -> list[cells.Cell]:
  """Returns a cell per model with all learning rates, on separate seeds."""
  seeds = range(TUNING_SEEDS)
  return _cells([config(m, TUNED_AT, RATES, seeds, steps) for m in MODELS])


def drawn(
  p: float, rates: dict[str, float], draws: int, steps: int
) -> list[cells.Cell]:
  """Returns a cell per model at its learning rate, all in the same worlds.

  Args:
    p: cosine of the tasks' weights.
    rates: learning rate of each model.
    draws: how many worlds.
    steps: of every run.
  """
  seeds = range(TUNING_SEEDS, TUNING_SEEDS + draws)
  return _cells([config(m, p, (rates[m],), seeds, steps) for m in MODELS])


def _cells(configs: list) -> list[cells.Cell]:
  for one in configs:
    build.check(one)
  # The configs name the same worlds, so that the cells share their data.
  datas: list[Data] = build.data(configs[0])
  return [cells.make(one, datas) for one in configs]


def rate(cell: report_cells.Cell) -> float:
  """Returns the rate with fewest failures, then lowest validation loss."""
  return cell.setting[0].hp['lr']


def compared(params: Any) -> int:
  """Counts the weights that the paper makes equal between models.

  These are the weights of experts or shared layer, and of towers, without
  gates, biases and output layers.
  """
  parts = ('shared_experts', 'shared_encoder', 'towers')
  return sum(
    math.prod(leaf.shape)
    for path, leaf in jax.tree_util.tree_leaves_with_path(params)
    if path[0].key in parts and path[-1].key == 'kernel'
  )


def rates_table(made: cells.Cell, cell: report_cells.Cell) -> list[Row]:
  """Returns the rows of models.csv for one model, one per learning rate.

  Args:
    made: the cell of the model from `tuning`.
    cell: its records.
  """
  sizes = {
    'parameters': cell.cost['params'],
    'compared': compared(made.traced.state.params.shapes),
  }
  rows = []
  for runs in report_cells.settings(cell.runs).values():
    scores = [run.score for run in runs if run.score is not None]
    loss = {**_mean(scores), 'seeds': len(scores)}
    lr, model = runs[0].hp['lr'], made.config.scheme
    chosen = int(lr == rate(cell))
    rows.append({'model': model, 'lr': lr, **loss, 'chosen': chosen, **sizes})
  return rows


def noise_shares(made: cells.Cell) -> Shares:
  """Returns the share of noise in the variance of training labels.

  The rest is the variance that the labels of the same world without noise
  explain. Keys are seed and name of the task.
  """
  fields = {**choice(made.config, 'dataset').fields, 'noise': (0.0,)}
  del fields['labels']  # all are known here; see `data.load`
  shares = {}
  pairs = zip(settings.seeds(made.config), made.datas, strict=True)
  for seed, data in pairs:
    clean = worlds.load(split_seed=seed, **fields)
    both = zip(data.train.labels, clean.train.labels, strict=True)
    for task, labels in zip(data.tasks, both, strict=True):
      # The squared correlation is the share of variance that is explained.
      explained = np.corrcoef(np.asarray(labels, float))[0, 1] ** 2
      shares[seed, task.name] = 1 - explained
  return shares


def losses(
  model: str, p: float, cell: report_cells.Cell, shares: Shares
) -> list[Row]:
  """Returns the rows of mmoe_synthetic.csv for one model at one p.

  Args:
    model: one of `MODELS`.
    p: cosine of the tasks' weights.
    cell: the records; losses of a run that failed are left empty.
    shares: noise shares from `noise_shares`.
  """
  return [
    {
      'model': model,
      'p': p,
      'seed': run.seed,
      'lr': run.hp['lr'],
      'task': task.name,
      'noise_share': _short(shares[run.seed, task.name]),
      'best_step': run.best_step.get(task.name, ''),
      'valid_loss': _short(run.valid[task.name]['loss']) if run.test else '',
      'test_loss': _short(run.test[task.name]['loss']) if run.test else '',
    }
    for run in cell.setting
    for task in cell.tasks
  ]


def curves(p: float, loaded: Sequence[report_cells.Cell]) -> list[Row]:
  """Returns the rows of curves.csv at one p.

  A row has the mean over draws of the tasks' mean validation loss, and the mean
  of its difference to Shared-Bottom in the same draw.

  Args:
    p: cosine of the tasks' weights.
    loaded: the records of each model, in the order of `MODELS`.
  """
  by_model = dict(zip(MODELS, map(_by_step, loaded), strict=True))
  rows = []
  for model, by_step in by_model.items():
    for step, values in by_step.items():
      bottom = by_model['hard'].get(step, {})
      # Only draws that Shared-Bottom completed too: differences are paired.
      less = [v - bottom[seed] for seed, v in values.items() if seed in bottom]
      key = {'model': model, 'p': p, 'step': step}
      paired = {f'less_{k}': v for k, v in _mean(less).items()}
      rows.append({**key, **_mean(values.values()), **paired})
  return rows


def _by_step(cell: report_cells.Cell) -> dict[int, dict[int, float]]:
  """Returns the mean validation loss of the tasks, by step and seed."""
  by_step: dict[int, dict[int, float]] = {}
  for run in cell.completed:
    for evaluation in run.curve:
      values = [task['loss'] for task in evaluation.valid.values()]
      own = by_step.setdefault(evaluation.step, {})
      own[run.seed] = float(np.mean(values))
  return by_step


def _mean(values: Iterable[float]) -> Row:
  """Returns cells of the mean and its 95 % t interval."""
  interval = stats.interval(list(values))
  return {k: _short(getattr(interval, k)) for k in ('mean', 'low', 'high')}


def _short(value: float) -> str:
  return f'{value:.6g}'
