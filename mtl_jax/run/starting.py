"""First states of runs that start from trained parameters."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from mtl_jax import devices
from mtl_jax.cells import Cell, Chunk, initial
from mtl_jax.cells.initial import Fitted
from mtl_jax.programs.compiled import Compiled
from mtl_jax.programs.inputs import Inputs
from mtl_jax.records import model_files

MOST = 8  # names that are listed in the report


def start(cell: Cell, programs: Compiled, inputs: Inputs, chunk: Chunk) -> Any:
  """Makes the first states of a chunk's runs.

  Args:
    cell: of the runs; `initial` says what they start from.
    programs: of the cell.
    inputs: of the chunk.
    chunk: the runs.

  Returns:
    `train.TrainState` of all runs, on the devices.
  """
  state = programs.start(inputs)
  if cell.initial is None:
    return state
  state = programs.unpadded(devices.fetch(state))
  each = [
    _begun(cell, jax.tree.map(lambda x, i=i: x[i], state), seed)
    for i, (seed, _) in enumerate(chunk.runs)
  ]
  return programs.place(jax.tree.map(lambda *x: np.stack(x), *each))


def _begun(cell: Cell, state: Any, seed: int) -> Any:
  """The state of one run with the parameters of its seed."""
  fitted = fit(cell, state, seed)
  params, extra = state.params, state.extra
  tree = _replaced(params.tree, fitted.values)
  params = jax.tree.map(np.array, params.replace(tree))
  extra = _replaced(extra, fitted.values)
  best = state.best._replace(params=params, extra=extra)
  if best.of_tasks:
    count = len(cell.system.tasks)
    repeated = jax.tree.map(lambda x: np.stack([x] * count), (params, extra))
    of_tasks = best.of_tasks._replace(params=repeated[0], extra=repeated[1])
    best = best._replace(of_tasks=of_tasks)
  return state._replace(params=params, extra=extra, best=best)


def fit(cell: Cell, state: Any, seed: int) -> Fitted:
  """Fits the arrays of a seed to the parameters of a state of one run."""
  ours = model_files.named({**state.params.shapes, **state.extra})
  return initial.fit(cell.initial.of(seed), ours, cell.config.init_prefix)


def _replaced(tree: Mapping, values: Mapping[str, np.ndarray]) -> dict:
  own = model_files.named(tree)
  return model_files.nested(
    {name: values.get(name, x) for name, x in own.items()}
  )


def report(cell: Cell) -> list[str]:
  """Says in a few lines which parameters start from trained ones.

  Args:
    cell: with `initial`.
  """
  state, source = cell.traced.state, cell.initial
  fitted = fit(cell, state, cell.runs[0][0])
  ours = model_files.named({**state.params.shapes, **state.extra})
  sizes = {name: int(np.prod(x.shape)) for name, x in ours.items()}
  started = sum(sizes[name] for name in fitted.values)
  lines = [
    f'{cell.name}: {len(fitted.values)} of {len(ours)} arrays start from '
    f'{source.path}: {started:,} of {sum(sizes.values()):,} numbers',
    *_listed('start from it', fitted.values),
    *_listed('repeated for each tower', fitted.repeated),
    *_listed('drawn', fitted.drawn),
    *_listed('of it, not used', fitted.unused),
  ]
  lines += [
    f'  {name}: its shape is {theirs}, not {own}'
    for name, (theirs, own) in fitted.other_shape.items()
  ]
  dataset, seeds = cell.datas[0].card.name, [seed for seed, _ in cell.runs]
  if source.leaks(dataset, cell.config.resplit, seeds):
    lines.append(
      '  it was trained on another split of these rows, so that some of its '
      'training rows are test rows here: results look better than they are'
    )
  return lines


def _listed(what: str, names: Any) -> list[str]:
  names = list(names)
  more = f' and {len(names) - MOST} more' if len(names) > MOST else ''
  text = ', '.join(names[:MOST])
  return [f'  {what}: {text}{more}'] if names else []
