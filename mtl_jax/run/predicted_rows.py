"""Outputs of the heads on the test rows of a run."""

import functools
from typing import Any

import jax
import numpy as np

from mtl_jax.cells import Cell
from mtl_jax.data.base import Data
from mtl_jax.train import evaluation


def of_run(
  cell: Cell, t: int, data: Data, measured: Any, i: int, model: tuple
) -> np.ndarray:
  """Returns the outputs of one task, `[N, outputs]`, float32.

  Of a dense task it is the summary of each row, `[N, ...]`.

  Args:
    cell: of the run.
    t: number of the task.
    data: of the run.
    measured: outputs that the metrics were computed from, `[R, rows, outputs]`,
      or a summary of them; then they are predicted again.
    i: number of the run among them.
    model: parameters and further collections of the run; those of each task on
      a leading axis where they are kept per task.
  """
  rows = len(data.test.mask)
  if isinstance(measured, np.ndarray):
    return measured[i, :rows].astype(np.float32)
  if cell.system.per_task:
    model = jax.tree.map(lambda x: x[t], model)
  params, extra = model
  predict = _predict(cell.system, cell.config.eval_batch_size)
  return np.asarray(predict(params.stacks, extra, data.test.inputs)[t])


@functools.lru_cache(maxsize=1)
def _predict(system: Any, batch_size: int) -> Any:
  now = {'step': system.steps, 'steps': system.steps}
  dense = [task.dense for task in system.tasks]

  def vectors(predictions, places):
    del places
    pairs = zip(predictions, dense, strict=True)
    return [None if maps else own for own, maps in pairs]

  def predict(params, extra, inputs):
    # Maps of all rows are never held; their summaries are there already.
    reduce = vectors if any(dense) else None
    return evaluation.predict(
      system, params, extra, inputs, batch_size, now, reduce=reduce
    )

  return jax.jit(predict)
