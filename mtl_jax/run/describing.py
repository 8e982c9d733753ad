"""What is stored of a finished cell as its model, see `model_files`."""

import json
import platform
from collections.abc import Mapping, Sequence
from typing import Any

import flax
import jax
import numpy as np

from mtl_jax.cells import Cell
from mtl_jax.data import views
from mtl_jax.data.base import Data
from mtl_jax.records import model_files
from mtl_jax.records.model_files import Stored
from mtl_jax.schemes import base as schemes
from mtl_jax.tasks import label_units

Runs = Mapping[int, Sequence[Any]]  # by seed, a `kept.Kept` per part


def model(cell: Cell, runs: Runs) -> Stored:
  """Puts together what a cell stores.

  Args:
    cell: of the runs.
    runs: by seed, the chosen run of each part of the model, see `chosen_runs`.
  """
  trees = [_arrays(own) for own in runs.values()]
  arrays = {
    name: np.stack([t[name] for t in trees]) for name in (trees or [{}])[0]
  }
  return Stored(_described(cell, runs), arrays, _predictions(cell, runs))


def data_of(cell: Cell, seed: int) -> Data:
  """The data of a seed's run."""
  return cell.datas[_number(cell, seed)]


def _number(cell: Cell, seed: int) -> int:
  return seed - cell.config.first_seed if cell.config.resplit else 0


def _arrays(runs: Sequence[Any]) -> dict[str, np.ndarray]:
  """Parameters by name, and further collections such as `batch_stats/...`."""
  first, *others = runs
  params, extra = first.params, first.extra
  if not all(run is first for run in others):
    params = jax.tree.map(_rows, *(run.params for run in runs))
    extra = {
      name: _composed([run.extra[name] for run in runs]) for name in extra
    }
  tree = {**params.tree, **extra}
  return jax.tree.map(np.asarray, model_files.named(tree))


def _rows(*parts: np.ndarray) -> np.ndarray:
  """Row t of the t-th matrix: the tower of each task from its own run."""
  return np.stack([part[t] for t, part in enumerate(parts)])


def _composed(trees: Sequence[Any]) -> Any:
  """Towers of each task from its own tree, see `schemes.per_tower`."""
  whole = trees[0]
  for t, tree in enumerate(trees):
    own = np.arange(len(trees)) == t
    whole = jax.tree.map(np.where, schemes.per_tower(tree, own), tree, whole)
  return whole


def _described(cell: Cell, runs: Runs) -> dict[str, Any]:
  config = cell.config
  used = sorted({_number(cell, seed) for seed in runs})
  return {
    'hash': cell.hash,
    'dataset': cell.datas[0].card.name,
    'scheme': config.scheme,
    'balancer': config.balancer,
    'config': _plain(config.to_dict()),
    'tasks': [
      {'name': t.name, 'kind': t.kind, 'fields': dict(t.fields)}
      for t in cell.system.tasks
    ],
    'inputs': _shapes(views.first(cell.datas[0].train, 1).inputs),
    'steps': cell.system.steps,
    'per_task': cell.system.per_task,
    'collections': _collections(runs),
    'seeds': [
      {
        'seed': seed,
        'settings': [run.line['hp'] for run in own],
        'best_step': _best_steps(cell, own),
        'steps': max(run.line['steps'] for run in own),
        'data': used.index(_number(cell, seed)),
      }
      for seed, own in runs.items()
    ],
    'data': [_encoding(cell.datas[number]) for number in used],
    'versions': {
      'python': platform.python_version(),
      'jax': jax.__version__,
      'flax': flax.__version__,
    },
    'sources': cell.identity['sources'],
  }


def _best_steps(cell: Cell, own: Sequence[Any]) -> dict[str, int]:
  """By task, the best step of the run that its part of the model is from."""
  names = [task.name for task in cell.system.tasks]
  parts = own if len(own) > 1 else [*own] * len(names)
  pairs = zip(names, parts, strict=True)
  return {name: run.line['best_step'][name] for name, run in pairs}


def _collections(runs: Runs) -> list[str]:
  """Names of what the networks have besides parameters."""
  return sorted({name for own in runs.values() for name in own[0].extra})


def _plain(tree: Any) -> Any:
  """As JSON holds it, tuples as lists."""
  return json.loads(json.dumps(tree, default=str))


def _shapes(inputs: Any) -> Any:
  """Shape and dtype of one row of each array, in the structure of the rows."""
  if isinstance(inputs, dict):
    return {name: _shapes(x) for name, x in inputs.items()}
  if isinstance(inputs, list | tuple):
    return [_shapes(x) for x in inputs]
  return {'shape': list(inputs.shape[1:]), 'dtype': str(inputs.dtype)}


def _encoding(data: Data) -> dict[str, Any]:
  """How new rows are encoded, and the units of the labels."""
  scales = data.scales or (None,) * len(data.tasks)
  return {
    'recipe': data.recipe.to_json() if data.recipe else None,
    'scales': [scale and scale._asdict() for scale in scales],
  }


def _predictions(cell: Cell, runs: Runs) -> dict[str, np.ndarray]:
  found = {'seeds': np.array(list(runs), np.int64)}
  tasks = cell.system.tasks
  for seed, own in runs.items():
    data = data_of(cell, seed)
    scales = data.scales or (None,) * len(tasks)
    parts = own if len(own) > 1 else [*own] * len(tasks)
    found[f'{seed}/rows'] = _row_numbers(data)
    for task, scale, run in zip(tasks, scales, parts, strict=True):
      values = run.outputs[task.name]
      # Of maps there are sums per picture instead, see `Kind.summary`.
      if not task.dense:
        values = label_units.predicted(task, values, scale)
      found[f'{seed}/{task.name}'] = values.astype(np.float32)
  return found


def _row_numbers(data: Data) -> np.ndarray:
  """Of the test rows in the table, or in the split where there is no table."""
  rows = getattr(data.test, 'rows', None)
  return np.arange(len(data.test.mask)) if rows is None else np.asarray(rows)
