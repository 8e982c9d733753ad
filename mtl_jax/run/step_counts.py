"""What is counted in the steps of a cell, kept until all chunks are trained."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from mtl_jax.cells import Chunk


def of_chunk(chunk: Chunk, state: Any) -> dict:
  """Makes the record of what was counted in the steps of a chunk's runs.

  Args:
    chunk: the runs.
    state: `train.TrainState` of all runs after their last step, on the host.
  """
  own = slice(len(chunk.runs))
  return {
    'kind': 'counts',
    'first': chunk.first,
    'unlabelled': state.unlabelled[own].tolist(),
    'fallbacks': state.fallbacks[own].tolist(),
    'steps': state.step[own].tolist(),
  }


def joined(lines: Iterable[dict]) -> tuple[np.ndarray, ...]:
  """Joins the counts of all chunks.

  Args:
    lines: records of the cell, those of `of_chunk` among them.

  Returns:
    `[R, K]` batches without a label of a task, `[R]` fallbacks of the balancer
    and `[R]` steps.
  """
  of_chunks = {
    line['first']: line for line in lines if line['kind'] == 'counts'
  }
  names = 'unlabelled', 'fallbacks', 'steps'
  return tuple(
    np.concatenate([np.array(line[name]) for line in of_chunks.values()])
    for name in names
  )
