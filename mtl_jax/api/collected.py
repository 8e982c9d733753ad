"""Collects what was measured of interference in one cell, from its files."""

import pathlib

import numpy as np
import pandas as pd

from mtl_jax.interference import feature_similarity
from mtl_jax.records import digests, lines
from mtl_jax.report import results
from mtl_jax.report.interference import pairs, probe_records


def measure(
  folder: pathlib.Path, single: pathlib.Path, steps: int
) -> pairs.Interference:
  """Collects the measures of a cell from its records and features.

  Args:
    folder: folder of the cell.
    single: folder of `single`, whose features those of the cell are compared
      with.
    steps: number of training steps, at which features were saved.
  """
  own = results.load(folder)
  frame = probe_records.frame(folder, own)
  alone = None if own.is_baseline else saved(single, 'features')
  similarity = similarities(saved(folder, 'features'), alone, own, steps)
  estimated = affinities(saved(folder, 'grad_tag'), own, steps)
  # Empty frames would make numbers objects.
  frames = [one for one in (frame, similarity, estimated) if len(one)]
  every = pd.concat(frames, ignore_index=True)
  return pairs.make(every, own, probe_records.batches(folder, own))


def saved(folder: pathlib.Path, name: str) -> dict[int, np.ndarray]:
  """Loads what was measured after training, by the seed of a reported run.

  Args:
    folder: folder of the cell.
    name: `features` for those that the heads read `[K, rows, C]`, or `grad_tag`
      for affinities `[K, K]`.

  Returns:
    An array per seed; none of `grad_tag` where all towers are separate.
  """
  paths = list(folder.glob(f'{name}_*.npy'))
  for path in paths:
    digests.verify(path, lines.REMEDY)
  chunks = {int(path.stem.split('_')[-1]): np.load(path) for path in paths}
  runs = {
    first + i: own
    for first, chunk in chunks.items()
    for i, own in enumerate(chunk)
  }
  shown = probe_records.runs(folder, results.load(folder))
  return {seed: runs[run] for run, seed in shown.items() if run in runs}


def affinities(
  by_seed: dict[int, np.ndarray], cell: results.Cell, steps: int
) -> pd.DataFrame:
  """Lists the affinities that Grad-TAG estimates after training.

  Args:
    by_seed: `[K, K]`, i -> j, by seed.
    cell: the cell.
    steps: number of training steps, for the column `step`.

  Returns:
    One row per ordered pair of tasks and seed.
  """
  names = [task.name for task in cell.tasks]
  rows = [
    (steps, probe_records.TOTAL, names[i], names[j], 'grad_tag', seed, value)
    for seed, own in by_seed.items()
    for (i, j), value in np.ndenumerate(own)
    if np.isfinite(value)
  ]
  return pd.DataFrame(rows, columns=[*probe_records.COLUMNS])


def similarities(
  by_seed: dict[int, np.ndarray],
  alone: dict[int, np.ndarray] | None,
  cell: results.Cell,
  steps: int,
) -> pd.DataFrame:
  """Compares features between tasks, and with the towers of `single`.

  Tasks are not compared if all of them read the same features.

  Args:
    by_seed: features of the cell `[K, rows, C]`, by seed.
    alone: features of `single`; None if the cell is `single` itself.
    cell: the cell.
    steps: number of training steps, for the column `step`.

  Returns:
    One row per measure, pair of tasks and seed; undefined values are omitted.
  """
  names, rows = [task.name for task in cell.tasks], []
  for seed, own in by_seed.items():
    # A shared encoder gives all tasks the same features, so that their
    # similarity is 1 by construction.
    compared = {'': own} if (own != own[:1]).any() else {}
    if alone and seed in alone:
      compared['_single'] = alone[seed]
    for end, other in compared.items():
      measured = feature_similarity.measure(own, other)
      for measure_name, values in measured.items():
        for (i, j), value in np.ndenumerate(values):
          name = measure_name + end
          if i != j or name in probe_records.WITH_ITSELF:
            pair = names[i], names[j]
            rows.append((steps, 'features', *pair, name, seed, value))
  frame = pd.DataFrame(rows, columns=[*probe_records.COLUMNS])
  return frame[np.isfinite(frame['value'].astype(float))]
