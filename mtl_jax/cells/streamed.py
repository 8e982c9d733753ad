"""Training data that stay on the host, and are read a few steps at a time.

With `config.stream` the devices hold blocks of batches instead of the training
split: those of the steps that are taken, and of the next ones. Batches have the
same rows in the same order, so that no number differs.
"""

import math
from collections.abc import Sequence
from typing import Any

import jax

from mtl_jax.data import views
from mtl_jax.data.base import Data, Split
from mtl_jax.data.sources import NOTHING, Source
from mtl_jax.errors import InputError

BLOCK = 2**26  # bytes of a run's batches that are read at a time
ALIVE = 3  # blocks in memory: the steps', the next one, and what is being read


def check(config: Any, datas: Sequence[Data], groups: Sequence) -> None:
  """Raises `InputError` where a cell cannot be streamed.

  Args:
    config: a whole one.
    datas: one data set per seed, or one for all.
    groups: subsets of the tasks, where runs are trained on different ones.
  """
  if not asked(config):
    return
  if len(datas) > 1:
    raise InputError(
      'config.stream reads one split for all seeds, and config.resplit draws '
      f'{len(datas)}; set config.resplit=False, or config.stream=False'
    )
  if groups:
    raise InputError(
      'config.stream reads the labels of all tasks, and runs are trained on '
      'different ones here; set config.stream=False'
    )
  if jax.process_count() > 1:
    raise InputError(
      'config.stream reads in one process, and this job has '
      f'{jax.process_count()}; set config.stream=False'
    )


def asked(config: Any) -> bool:
  """Whether training data are read a few steps at a time."""
  return bool(config.get('stream', False))


def lengths(steps: int, step_bytes: int) -> tuple[int, ...]:
  """Cuts a period into blocks of steps.

  They are equal if it has a divisor for that, since each length is a program.

  Args:
    steps: of the period.
    step_bytes: that the batches of a step take.

  Returns:
    The steps of each block.
  """
  most = max(1, BLOCK // step_bytes)
  fewest = -(-steps // most)
  for count in range(fewest, min(2 * fewest, steps) + 1):
    if steps % count == 0:
      return (steps // count,) * count
  whole, rest = divmod(steps, most)
  return (most,) * whole + (rest,) * (rest > 0)


def step_bytes(data: Data, several: tuple[int, ...], batch_size: int) -> int:
  """Bytes of the batches of one step of a run.

  Args:
    data: of all runs.
    several: leading axes of a step's batch, see `System.batches`.
    batch_size: rows per batch.
  """
  one = views.first(data.train, 1)
  row = sum(x.nbytes for x in jax.tree.leaves(one))
  return row * math.prod(several) * batch_size


def shapes(data: Data, rows: int) -> Source:
  """Shapes of so many rows of the training split, as one run reads them."""
  one = views.first(data.train, 1)
  parts = jax.tree.map(
    lambda x: jax.ShapeDtypeStruct((rows, *x.shape[1:]), x.dtype), one
  )
  return Source(NOTHING, Split(*parts))
