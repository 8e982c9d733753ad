"""What is trained for the synthetic experiment of MMoE, and its lines.

Networks are those of the paper's section 5.1: inputs of 100, eight experts of
one 16-unit layer, towers of 8; Shared-Bottom has a layer with as many weights.
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
TUNED_AT, TUNING_SEEDS = 0.9, 10
EVALS, BATCH = 30, 64
EXPERTS, UNITS, BOTTOM, TOWER = 8, 16, 113, 8

Row = dict[str, Any]
Shares = dict[tuple[int, str], float]


def config(
  model: str, p: float, rates: Sequence[float], seeds: range, steps: int
) -> Any:
  """A world per seed, in which the tasks' weights have cosine `p`."""
  made = synthetic.get_config()
  made.datasets.synthetic.related = p
  made.scheme = model
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
  """Every rate for each model, on seeds that no result is of."""
  seeds = range(TUNING_SEEDS)
  return _cells([config(m, TUNED_AT, RATES, seeds, steps) for m in MODELS])


def drawn(
  p: float, rates: dict[str, float], draws: int, steps: int
) -> list[cells.Cell]:
  """Each model at its rate, in the same worlds and at the same starts."""
  seeds = range(TUNING_SEEDS, TUNING_SEEDS + draws)
  return _cells([config(m, p, (rates[m],), seeds, steps) for m in MODELS])


def _cells(configs: list) -> list[cells.Cell]:
  for one in configs:
    build.check(one)
  datas: list[Data] = build.data(configs[0])
  return [cells.make(one, datas) for one in configs]


def rate(cell: report_cells.Cell) -> float:
  """The chosen one: fewest failed runs, then lowest mean validation loss."""
  return cell.setting[0].hp['lr']


def compared(params: Any) -> int:
  """Weights of experts or bottom, and of towers: what the paper matches.

  Without gates, biases and read-outs.
  """
  parts = ('shared_experts', 'shared_encoder', 'towers')
  return sum(
    math.prod(leaf.shape)
    for path, leaf in jax.tree_util.tree_leaves_with_path(params)
    if path[0].key in parts and path[-1].key == 'kernel'
  )


def rates_table(made: cells.Cell, cell: report_cells.Cell) -> list[Row]:
  """Lines of models.csv: a rate's validation loss over the tuning seeds."""
  sizes = {
    'parameters': cell.cost['params'],
    'compared': compared(made.traced.state.params.shapes),
  }
  rows = []
  for runs in report_cells.settings(cell.runs).values():
    scores = [run.score for run in runs if run.score is not None]
    found = {**_mean(scores), 'seeds': len(scores)}
    lr, model = runs[0].hp['lr'], made.config.scheme
    chosen = int(lr == rate(cell))
    rows.append({'model': model, 'lr': lr, **found, 'chosen': chosen, **sizes})
  return rows


def noise_shares(made: cells.Cell) -> Shares:
  """Of the variance of training labels, by seed and task.

  What noise leaves of it is what the same world without noise explains.
  """
  fields = {**choice(made.config, 'dataset').fields, 'noise': (0.0,)}
  found = {}
  pairs = zip(settings.seeds(made.config), made.datas, strict=True)
  for seed, data in pairs:
    clean = worlds.load(split_seed=seed, **fields)
    both = zip(data.train.labels, clean.train.labels, strict=True)
    for task, labels in zip(data.tasks, both, strict=True):
      known = np.corrcoef(np.asarray(labels, float))[0, 1] ** 2
      found[seed, task.name] = 1 - known
  return found


def losses(
  model: str, p: float, cell: report_cells.Cell, shares: Shares
) -> list[Row]:
  """Lines of mmoe_synthetic.csv; those of a run that failed have no losses."""
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
  """Lines of curves.csv: the tasks' mean validation loss over draws.

  Also its difference to Shared-Bottom in the same draw; cells as in MODELS.
  """
  found = dict(zip(MODELS, map(_looks, loaded), strict=True))
  rows = []
  for model, looks in found.items():
    for step, values in looks.items():
      bottom = found['hard'].get(step, {})
      less = [v - bottom[seed] for seed, v in values.items() if seed in bottom]
      told = {'model': model, 'p': p, 'step': step}
      paired = {f'less_{k}': v for k, v in _mean(less).items()}
      rows.append({**told, **_mean(values.values()), **paired})
  return rows


def _looks(cell: report_cells.Cell) -> dict[int, dict[int, float]]:
  """Step, seed: loss."""
  looks: dict[int, dict[int, float]] = {}
  for run in cell.completed:
    for look in run.curve:
      values = [task['loss'] for task in look.valid.values()]
      looks.setdefault(look.step, {})[run.seed] = float(np.mean(values))
  return looks


def _mean(values: Iterable[float]) -> Row:
  """With the 95 % t interval."""
  found = stats.interval(list(values))
  return {k: _short(getattr(found, k)) for k in ('mean', 'low', 'high')}


def _short(value: float) -> str:
  return f'{value:.6g}'
