"""Random data in the shapes of a workload, and the rows that peers read."""

import pathlib

import numpy as np

from benchmarks.speed import workloads
from mtl_jax import data
from mtl_jax.data import base
from mtl_jax.tasks import Task

# Rows of validation and of test; few, to time training.
EVALUATED, EVALUATED_MAPS = 64, 8


def load(
  workload: str = 'lenet_equal',
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
) -> base.Data:
  """Draws a data set in the shapes of a workload.

  Args:
    workload: one of `workloads.STEPS`.
    split_seed: of the draw; each seed gives another data set.
    data_dir: unused; there is nothing to read.
    files: unused.
  """
  del data_dir, files
  shapes = workloads.STEPS[workload]
  tasks = tuple(
    Task(name, kind, num_classes=outputs)
    if kind in ('multiclass', 'segmentation')
    else Task(name, kind)
    for name, kind, outputs in shapes.tasks
  )
  few = evaluated(shapes)
  counts = {'train': shapes.rows, 'valid': few, 'test': few}
  draw = np.random.default_rng(split_seed)
  splits = [_split(draw, shapes, rows) for rows in counts.values()]
  card = base.Card(workload, 'drawn here', 'none', 'none', 'by row', {})
  return base.counted(base.Data(*splits, tasks, card))


def evaluated(workload: workloads.Workload) -> int:
  """Returns the number of rows of validation, and of test."""
  return EVALUATED_MAPS if workload.dense else EVALUATED


def _split(draw, shapes: workloads.Workload, rows: int) -> base.Split:
  inputs = _inputs(draw, shapes, rows)
  labels = [
    _map(draw, kind, outputs, (rows, *shapes.shape[:2]))
    if kind in workloads.MAPS
    # A binary task has one output and two classes; regressions get 0 or 1 too.
    else draw.integers(max(outputs, 2), size=rows).astype(np.int32)
    for _, kind, outputs in shapes.tasks
  ]
  return base.Split(inputs, tuple(labels), np.ones((rows, len(labels)), bool))


def _map(draw, kind: str, outputs: int, shape: tuple[int, ...]) -> np.ndarray:
  """Labels of every pixel, of which a tenth is missing."""
  missing = draw.random(shape) < 0.1
  if kind == 'segmentation':
    return np.where(missing, -1, draw.integers(outputs, size=shape, dtype='i4'))
  if kind == 'depth':
    return np.where(missing, 0, draw.uniform(1, 5, shape)).astype(np.float32)
  vectors = draw.normal(size=(*shape, 3))
  vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
  return np.where(missing[..., None], 0, vectors).astype(np.float32)


def _inputs(draw, shapes: workloads.Workload, rows: int) -> np.ndarray:
  """Images are bytes; sentences have 5 to 40 words, then padding (word 0)."""
  shape = (rows, *shapes.shape)
  if shapes.kind == 'images':
    return draw.integers(256, size=shape, dtype=np.uint8)
  lengths = draw.integers(5, shape[1] + 1, size=(rows, 1))
  # From 1: word 0 is padding, and no sentence may begin with it.
  words = draw.integers(1, workloads.VOCABULARY, size=shape, dtype=np.int32)
  return words * (np.arange(shape[1]) < lengths).astype(np.int32)


def write(workload: workloads.Workload, path: pathlib.Path) -> None:
  """Writes the training rows of seed 0 for the peers.

  The peers have no masks: they train on the placeholder of a missing label.

  Args:
    workload: whose data set is written.
    path: of the .npz file: `inputs` `[N, ...]` and `label_i` `[N, ...]` per
      task.
  """
  fields = {'split_seed': 0}
  if workload.dataset == __name__:
    fields['workload'] = workload.name
  train = data.load(workload.dataset, **fields).train
  labels = {f'label_{i}': y for i, y in enumerate(train.labels)}
  np.savez(path, inputs=train.inputs, **labels)
