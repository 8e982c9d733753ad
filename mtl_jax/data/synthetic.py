"""Regression tasks whose relatedness is set: ground truth for interference.

Task k wants `f(w_k . x)` of standard normal inputs. How the unit vectors w_k
lie to each other is the family:

- `cosine`: all pairs at cosine `related`; with two tasks and the defaults these
  are the data of MMoE (Ma et al., KDD 2018, section 3.2).
- `low_rank`: a share `related` of each squared w_k lies in a random subspace of
  `rank` directions that all have in common, the rest in a direction of its own.
- `conflict`: all want the same, but for a share 1 - `related` of the inputs,
  which every other task wants with the opposite sign.
- `clusters`: as `cosine` inside each of `groups` groups, 0 between them.

`f(z) = c z + sum_i sin(alpha_i c z + beta_i)`, alpha and beta standard normal
and the same for all tasks, alpha times a task's `difficulty`.
"""

import numpy as np
from jaxtyping import Float

from mtl_jax.data import base
from mtl_jax.errors import InputError, nearest
from mtl_jax.tasks import Task

Weights = Float[np.ndarray, 'tasks inputs']
Knob = tuple[float, ...]  # one for all tasks, or one each

CARD = base.Card(
  name='synthetic',
  source='drawn here',
  licence='Apache-2.0',
  citation='after Ma et al., KDD 2018, section 3.2, which leaves c, m and rows '
  'open; those are of a public reimplementation (c .3, m 5, noise .1)',
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
  noise: Knob = (0.1,),
  difficulty: Knob = (1.0,),
  known: Knob = (1.0,),
) -> base.Data:
  """Inputs float32 `[N, inputs]`, K regressions `task_0`, ...; reads no file.

  Args:
    split_seed: of all that is drawn.
    data_dir: not used, as is `files`.
    files: see above.
    family: how the tasks' weights lie to each other, see above.
    tasks: how many.
    related: a cosine or a share, as the family has it.
    rank: of the common subspace of `low_rank`.
    groups: of `clusters`; task k is in group k mod `groups`.
    inputs: their number.
    rows: of train, valid and test.
    c: length of w_k.
    waves: sines in f.
    noise: standard deviation of what is added to labels before they are
      standardised; for all tasks, or one each.
    difficulty: of each task, see above.
    known: share of training rows that have the task's label.

  Raises:
    InputError: no such family, or weights that cannot lie so.
  """
  del data_dir, files
  draw = np.random.default_rng(split_seed)
  knobs = {'noise': noise, 'difficulty': difficulty, 'known': known}
  noise, difficulty, known = (each(k, v, tasks) for k, v in knobs.items())
  wanted = weights(draw, family, tasks, related, rank, groups, inputs)
  alpha, beta = draw.normal(size=(2, waves))
  angles = alpha * difficulty[:, None]  # [K, waves]
  splits = [_rows(draw, n, wanted, c, angles, beta, noise) for n in rows]
  mask = draw.random(splits[0][1].shape) < known
  own = tuple(Task(f'task_{k}', 'regression') for k in range(tasks))
  data = base.Data(*standardised(splits, mask), own, CARD)
  return base.check(base.counted(data))


def _rows(draw, count, wanted, c, angles, beta, noise) -> tuple:
  """Inputs `[N, inputs]` and labels `[N, K]`."""
  x = draw.normal(size=(count, wanted.shape[1]))
  z = c * x @ wanted.T
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
  """What the tasks want of the inputs, the first that `load` draws.

  Their products are how related the tasks are in truth.
  """
  if family not in FAMILIES:
    raise InputError(f'family {family!r}: {nearest(family, FAMILIES)}')
  return FAMILIES[family](draw, tasks, inputs, related, rank, groups)


def each(name: str, knob: Knob, tasks: int) -> Float[np.ndarray, 'tasks']:
  """One number per task."""
  if len(knob) not in (1, tasks):
    raise InputError(
      f'config.datasets.synthetic.{name} has {len(knob)} numbers for {tasks} '
      'tasks; give one, or one each'
    )
  return np.broadcast_to(np.asarray(knob, float), (tasks,))


def standardised(splits: list, mask: np.ndarray) -> list[base.Split]:
  """Labels in units of the training rows' known ones."""
  first = np.where(mask, splits[0][1], np.nan)
  mean, std = np.nanmean(first, 0), np.nanstd(first, 0)
  masks = [mask, *(np.ones(y.shape, bool) for _, y in splits[1:])]
  return [
    base.Split(x, tuple(((y - mean) / std).T.astype(np.float32)), known)
    for (x, y), known in zip(splits, masks, strict=True)
  ]


def orthonormal(draw, count: int, inputs: int) -> Weights:
  """Random directions at right angles."""
  if count > inputs:
    raise InputError(
      f'config.datasets.synthetic.inputs is {inputs}; {count} directions at '
      'right angles need as many'
    )
  return np.linalg.qr(draw.normal(size=(inputs, count)))[0].T


def with_cosines(draw, cosines: np.ndarray, inputs: int) -> Weights:
  """Unit vectors with these cosines; the first is the first direction."""
  size = len(cosines)
  try:
    # Rounding may leave the cosines of equal vectors a little below 0.
    factor = np.linalg.cholesky(cosines + 1e-12 * np.eye(size))
  except np.linalg.LinAlgError as error:
    raise InputError(
      f'{size} tasks cannot all be at cosine {cosines[0, -1]:g}; take '
      f'{-1 / max(size - 1, 1):.3g} or more'
    ) from error
  return factor @ orthonormal(draw, size, inputs)


def cosine(draw, tasks, inputs, related, rank, groups) -> Weights:
  del rank, groups
  cosines = np.full((tasks, tasks), float(related))
  np.fill_diagonal(cosines, 1)
  return with_cosines(draw, cosines, inputs)


def clusters(draw, tasks, inputs, related, rank, groups) -> Weights:
  del rank
  group = np.arange(tasks) % groups
  cosines = np.where(group[:, None] == group[None], float(related), 0.0)
  np.fill_diagonal(cosines, 1)
  return with_cosines(draw, cosines, inputs)


def low_rank(draw, tasks, inputs, related, rank, groups) -> Weights:
  del groups
  directions = orthonormal(draw, rank + tasks, inputs)
  mixed = draw.normal(size=(tasks, rank)) @ directions[:rank]
  mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
  return np.sqrt(related) * mixed + np.sqrt(1 - related) * directions[rank:]


def conflict(draw, tasks, inputs, related, rank, groups) -> Weights:
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
