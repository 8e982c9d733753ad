"""Affinities of tasks, measured while the tasks were trained together."""

import pathlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mtl_jax.errors import InputError

NEEDED = ('module', 'task_i', 'task_j', 'measure', 'seed', 'value')
# Where more is better for the other task: these can choose a grouping.
MEASURES = ('tag', 'cosine', 'grad_tag')
TOTAL = 'ALL'  # the module that stands for all


def read(
  path: pathlib.Path, names: Sequence[str], seeds: Sequence[int]
) -> dict[str, np.ndarray]:
  """Reads affinities i -> j of every seed, means over steps.

  A measure that is given for only one of (i, j) and (j, i) holds for both.

  Args:
    path: of an interference.csv.
    names: of the K tasks.
    seeds: of the trainings that the affinities choose for.

  Returns:
    `[seeds, K, K]` by measure; the diagonals are NaN.

  Raises:
    InputError: the file cannot be read, or lacks a column, a measure, a seed, a
      pair.
  """
  try:
    frame = pd.read_csv(path)
  except (OSError, ValueError) as error:
    text = ' '.join(str(error).split())
    raise InputError(f'--affinities={path}: {text}') from error
  missing = [column for column in NEEDED if column not in frame]
  if missing:
    raise InputError(
      f'--affinities={path} has no column {missing[0]!r}; name an '
      'interference.csv'
    )
  frame = frame[frame['module'] == TOTAL]
  results = {m: frame[frame['measure'] == m] for m in MEASURES}
  if all(part.empty for part in results.values()):
    raise InputError(
      f'--affinities={path} has no measure {" or ".join(MEASURES)} of module '
      f'{TOTAL}; name an interference.csv that has one'
    )
  return {
    measure: _tables(part, names, seeds, f'--affinities={path}: {measure}')
    for measure, part in results.items()
    if not part.empty
  }


def _tables(
  frame: pd.DataFrame, names: Sequence[str], seeds: Sequence[int], what: str
) -> np.ndarray:
  by_seed = dict([*frame.groupby('seed')])
  for seed in seeds:
    if seed not in by_seed:
      raise InputError(
        f'{what} of seed {seed} is missing: every resplit chooses by its own; '
        'run experiments.interference with the same seeds'
      )
  return np.stack([_table(by_seed[seed], names, what) for seed in seeds])


def _table(frame: pd.DataFrame, names: Sequence[str], what: str) -> np.ndarray:
  means = frame.groupby(['task_i', 'task_j'])['value'].mean().unstack()
  table = means.reindex(index=names, columns=names).to_numpy()
  # Symmetric measures are listed for i < j alone.
  table = np.where(np.isnan(table), table.T, table)
  np.fill_diagonal(table, np.nan)
  gaps = np.argwhere(np.isnan(table) & ~np.eye(len(names), dtype=bool))
  if gaps.size:
    i, j = (names[k] for k in gaps[0])
    raise InputError(
      f'{what} of tasks {i!r} and {j!r} is missing; run '
      'experiments.interference on all of these tasks'
    )
  return table
