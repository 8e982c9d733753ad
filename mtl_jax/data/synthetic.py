"""Synthetic regression tasks with known relatedness.

The label of task k is `f(w_k . x)` for standard normal inputs x and a unit
weight vector w_k. The family determines the angles between weight vectors:

- `cosine`: every pair has cosine `related`. With two tasks and the defaults
  these are the data of MMoE (Ma et al., KDD 2018, section 3.2).
- `low_rank`: a share `related` of the squared norm of w_k is in a random
  subspace of dimension `rank` that all tasks share, the rest in a direction of
  task k alone.
- `conflict`: weight vectors are equal, except that for a share 1 - `related` of
  the inputs every other task has the opposite sign.
- `clusters`: as `cosine` inside each of `groups` groups, 0 between groups.

`f(z) = c z + sum_i sin(alpha_i c z + beta_i)`. Alpha and beta are standard
normal and shared by all tasks; alpha is multiplied by a task's `difficulty`.

One draw of weights, function and rows is called a world; each seed has its own.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from mtl_jax.data import base
from mtl_jax.errors import InputError, nearest
from mtl_jax.tasks import Task

Weights = Float[np.ndarray, 'tasks inputs']
PerTask = tuple[float, ...]  # one number for all tasks, or one for each

WHERE = 'config.datasets.synthetic'
CARD = base.Card(
  name='synthetic',
  source='generated here',
  licence='Apache-2.0',
  citation='after Ma et al., KDD 2018, section 3.2, which leaves c, m and rows '
  'open; those are taken from a public reimplementation (c .3, m 5, noise .1)',
  split_rule='every seed draws its own world: weights, function and rows',
  counts={},
  notes='Labels are in standard deviations of the training labels.',
  drawn=True,
)


def load(
  split_seed: int | None = None,
  data_dir: str = '',
  files: str = '',
  family: str = 'cosine',
  tasks: int = 2,
  related: float = 0.9,
  rank: int = 2,
  groups: int = 2,
  inputs: int = 100,
  rows: tuple[int, int, int] = (10_000, 1000, 1000),
  c: float = 0.3,
  waves: int = 5,
  noise: PerTask = (0.1,),
  difficulty: PerTask = (1.0,),
  known: PerTask = (1.0,),
) -> base.Data:
  """Generates inputs float32 `[N, inputs]` and regressions `task_0`, ...

  Args:
    split_seed: seed of the world. None draws another world in every call.
    data_dir: not used.
    files: not used.
    family: `cosine`, `low_rank`, `conflict` or `clusters`; see above.
    tasks: number of tasks.
    related: a cosine or a share, depending on the family.
    rank: dimension of the shared subspace of `low_rank`.
    groups: number of groups of `clusters`; task k is in group k mod `groups`.
    inputs: number of inputs.
    rows: number of rows of train, valid and test.
    c: norm by which w_k is scaled.
    waves: number of sines in f.
    noise: standard deviation of the noise that is added to labels before they
      are standardised.
    difficulty: factor of alpha.
    known: share of training rows that have a label.

  Returns:
    The data set; labels are in standard deviations of known training labels.

  Raises:
    InputError: if the family is unknown or no such weights exist.
  """
  del data_dir, files
  _check(tasks, rows, waves)
  draw = np.random.default_rng(split_seed)
  given = {'noise': noise, 'difficulty': difficulty, 'known': known}
  noise, difficulty, known = (per_task(k, v, tasks) for k, v in given.items())
  if (noise < 0).any() or (known <= 0).any() or (known > 1).any():
    raise InputError(
      f'{WHERE}.noise is {noise.tolist()} and {WHERE}.known {known.tolist()}; '
      'noise is 0 or more, and known a share above 0 and up to 1'
    )
  w = weights(draw, family, tasks, related, rank, groups, inputs)
  alpha, beta = draw.normal(size=(2, waves))
  angles = alpha * difficulty[:, None]  # [K, waves]
  splits = [_rows(draw, n, w, c, angles, beta, noise) for n in rows]
  mask = draw.random(splits[0][1].shape) < known
  own = tuple(Task(f'task_{k}', 'regression') for k in range(tasks))
  data = base.Data(*standardised(splits, mask), own, CARD)
  return base.check(base.counted(data))


def _check(tasks: int, rows: Any, waves: int) -> None:
  """Raises `InputError` for counts of which no world can be drawn."""
  if tasks < 1 or waves < 0:
    raise InputError(
      f'{WHERE}.tasks is {tasks} and {WHERE}.waves is {waves}; there must be '
      'at least 1 task, and 0 waves or more'
    )
  if len(rows) != 3 or not all(type(n) is int and n > 0 for n in rows):
    raise InputError(
      f'{WHERE}.rows is {rows!r}; it must be three whole numbers of at least '
      '1: rows of train, valid and test, such as "(10000, 1000, 1000)"'
    )


def _rows(draw, count, w, c, angles, beta, noise) -> tuple:
  """Draws inputs `[N, inputs]` and labels `[N, K]`."""
  x = draw.normal(size=(count, w.shape[1]))
  z = c * x @ w.T
  y = z + np.sin(z[..., None] * angles + beta).sum(-1)
  return x.astype(np.float32), y + noise * draw.normal(size=z.shape)


def weights(
  draw: np.random.Generator,
  family: str,
  tasks: int,
  related: float = 0.9,
  rank: int = 2,
  groups: int = 2,
  inputs: int = 100,
) -> Weights:
  """Draws the weight vectors, unit vectors w_k, of a family.

  `load` draws them first, so that a generator with the same seed gives those of
  its world. Their inner products are the true relatedness of the tasks.

  Args:
    draw: random generator.
    family: `cosine`, `low_rank`, `conflict` or `clusters`.
    tasks: number of tasks.
    related: a cosine or a share, depending on the family.
    rank: dimension of the shared subspace of `low_rank`.
    groups: number of groups of `clusters`.
    inputs: number of inputs.

  Raises:
    InputError: if the family is unknown or no such weights exist.
  """
  if family not in FAMILIES:
    raise InputError(f'family {family!r}: {nearest(family, FAMILIES)}')
  return FAMILIES[family](draw, tasks, inputs, related, rank, groups)


def per_task(
  name: str, values: PerTask, tasks: int
) -> Float[np.ndarray, 'tasks']:
  """Broadcasts a field to one number per task.

  Args:
    name: name of the field, for the message.
    values: one number, or one per task.
    tasks: number of tasks.

  Raises:
    InputError: if there is another number of values.
  """
  if len(values) not in (1, tasks):
    raise InputError(
      f'config.datasets.synthetic.{name} has {len(values)} numbers for {tasks} '
      'tasks; give one, or one per task'
    )
  return np.broadcast_to(np.asarray(values, float), (tasks,))


def standardised(splits: list, mask: np.ndarray) -> list[base.Split]:
  """Standardises labels by the known training labels.

  Args:
    splits: inputs `[N, inputs]` and labels `[N, K]` of train, valid and test.
    mask: bool `[N, K]`, known labels of the training split.

  Returns:
    The three splits; all labels of valid and test are known.
  """
  train = np.where(mask, splits[0][1], np.nan)
  mean, std = np.nanmean(train, 0), np.nanstd(train, 0)
  masks = [mask, *(np.ones(y.shape, bool) for _, y in splits[1:])]
  return [
    base.Split(x, tuple(((y - mean) / std).T.astype(np.float32)), known)
    for (x, y), known in zip(splits, masks, strict=True)
  ]


def orthonormal(draw, count: int, inputs: int) -> Weights:
  """Draws orthonormal vectors, uniformly distributed.

  Args:
    draw: random generator.
    count: number of vectors.
    inputs: dimension, at least `count`.

  Raises:
    InputError: if there are more vectors than dimensions.
  """
  if count > inputs:
    raise InputError(
      f'config.datasets.synthetic.inputs is {inputs}; {count} orthogonal '
      f'directions need {count} or more'
    )
  return np.linalg.qr(draw.normal(size=(inputs, count)))[0].T


def with_cosines(draw, cosines: np.ndarray, inputs: int) -> Weights:
  """Draws unit vectors with given cosines.

  Args:
    draw: random generator.
    cosines: matrix of cosines `[K, K]`, 1 on the diagonal.
    inputs: dimension, at least K.

  Raises:
    InputError: if no K vectors have these cosines, or K is too large.
  """
  size = len(cosines)
  try:
    # Equal vectors give a singular matrix, which rounding may make indefinite.
    factor = np.linalg.cholesky(cosines + 1e-12 * np.eye(size))
  except np.linalg.LinAlgError as error:
    raise InputError(
      f'{size} tasks cannot all have cosine {cosines[0, -1]:g}; set '
      'config.datasets.synthetic.related to '
      f'{-1 / max(size - 1, 1):.3g} or more'
    ) from error
  return factor @ orthonormal(draw, size, inputs)


# Every family takes the fields of all, those of the others unused.


def cosine(draw, tasks, inputs, related, rank, groups) -> Weights:
  """Draws weights whose pairs all have the same cosine; see `weights`."""
  del rank, groups
  cosines = np.full((tasks, tasks), float(related))
  np.fill_diagonal(cosines, 1)
  return with_cosines(draw, cosines, inputs)


def clusters(draw, tasks, inputs, related, rank, groups) -> Weights:
  """Draws weights that are related only inside groups; see `weights`."""
  del rank
  group = np.arange(tasks) % groups
  cosines = np.where(group[:, None] == group[None], float(related), 0.0)
  np.fill_diagonal(cosines, 1)
  return with_cosines(draw, cosines, inputs)


def low_rank(draw, tasks, inputs, related, rank, groups) -> Weights:
  """Draws weights that share a subspace; see `weights`."""
  del groups
  directions = orthonormal(draw, rank + tasks, inputs)
  mixed = draw.normal(size=(tasks, rank)) @ directions[:rank]
  mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
  return np.sqrt(related) * mixed + np.sqrt(1 - related) * directions[rank:]


def conflict(draw, tasks, inputs, related, rank, groups) -> Weights:
  """Draws weights of opposite sign on some inputs; see `weights`."""
  del rank, groups
  common = np.sign(draw.normal(size=inputs)) / np.sqrt(inputs)
  opposed = np.arange(inputs) < round((1 - related) * inputs)
  signs = np.where(opposed, (-1.0) ** np.arange(tasks)[:, None], 1)
  return signs * common


FAMILIES = {
  'cosine': cosine,
  'low_rank': low_rank,
  'conflict': conflict,
  'clusters': clusters,
}
