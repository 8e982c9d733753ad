"""Synthetic records: what a trained cell leaves behind, without training."""

import pathlib

import numpy as np

from mtl_jax import records
from mtl_jax.report.results import Cell, load

REGRESSION = [['rmse', False], ['mae', False], ['r2', True]]
BINARY = [['auc', True], ['accuracy', True]]
HP = {'lr': 0.001, 'weight_decay': 0.0, 'task_weights': [1.0, 1.0]}
LEVEL = {'rmse': 0.9, 'mae': 0.7, 'r2': 0.2, 'auc': 0.75, 'accuracy': 0.7}


def tasks(regression: int = 2, binary: int = 1) -> list[dict]:
  made = [
    _task(f'cd4_{i}', 'regression', REGRESSION) for i in range(regression)
  ]
  return made + [_task(f'death_{i}', 'binary', BINARY) for i in range(binary)]


def header(scheme: str = 'single', **changes) -> dict:
  start = {
    'kind': 'cell',
    'hash': f'hash-{scheme}',
    'dataset': 'fake',
    'encoder': 'mlp',
    'scheme': scheme,
    'balancer': 'equal',
    'tasks': tasks(),
    'comparable': {'dataset': {'fake': {}}, 'steps': 300, 'batch_size': 8},
    'split': 'fixed',
    'n_train': 100,
    'n_valid': 20,
    'n_test': 25,
    'seeds': [0, 1, 2, 3, 4],
    'versions': {'jax': '0.10.2'},
  }
  return start | changes


def ended_well(run: int, seed: int, test: dict, score=0.9, hp=HP) -> dict:
  step = dict.fromkeys(test, 200)
  start = {'kind': 'test', 'run': run, 'seed': seed, 'hp': hp}
  return start | {
    'best_step': step,
    'score': score,
    'valid': test,
    'test': test,
  }


def ended_badly(run: int, seed: int, hp=HP) -> dict:
  why = 'the loss of cd4_0 became NaN'
  start = {'kind': 'failed', 'run': run, 'seed': seed, 'hp': hp}
  return start | {'step': 312, 'why': why}


def cost(params: int = 12345) -> dict:
  start = {'kind': 'cost', 'params': params, 'flops_per_step': 1.2e6}
  return start | {'steps_per_second': 8123.0, 'seconds': 3.2}


def write(folder: pathlib.Path, head: dict, *lines: dict) -> Cell:
  records.append(folder, head, *lines, {'kind': 'done'})
  return load(folder)


def draw(
  rng, head: dict, shift: float = 0.0, noise: float = 0.02
) -> list[dict]:
  """Test lines with a gain of `shift` in every metric, a run per seed."""
  return [
    ended_well(i, seed, _values(rng, head, shift, noise, seed))
    for i, seed in enumerate(head['seeds'])
  ]


def curves(rng, head: dict, steps=(0, 100, 200, 300)) -> list[dict]:
  """Eval lines that fall towards the level of `draw`."""
  return [
    _eval(i, seed, step, _values(rng, head, -0.3 * 0.99**step, 0.02, seed))
    for i, seed in enumerate(head['seeds'])
    for step in steps
  ]


def cell(folder, scheme: str, shift: float = 0.0, seed: int = 0, **changes):
  """A complete cell of one setting, with curves."""
  rng = np.random.default_rng([seed, *scheme.encode()])
  head = header(scheme, **changes)
  lines = curves(rng, head) + draw(rng, head, shift)
  return write(folder / scheme, head, *lines, cost(1000 + 500 * len(scheme)))


def _eval(run: int, seed: int, step: int, valid: dict) -> dict:
  start = {'kind': 'eval', 'run': run, 'seed': seed, 'hp': HP, 'step': step}
  return start | {'train_loss': {}, 'valid': valid}


def _task(name: str, kind: str, metrics: list) -> dict:
  return {'name': name, 'kind': kind, 'metrics': metrics}


def _values(rng, head, shift, noise, seed) -> dict:
  # What a seed's split does to every scheme alike: pairing takes it out.
  common = np.random.default_rng(seed).normal() * noise
  return {
    task['name']: {
      name: LEVEL[name]
      + (1 if up else -1) * (shift + common + rng.normal() * noise / 2)
      for name, up in task['metrics']
    }
    for task in head['tasks']
  }
