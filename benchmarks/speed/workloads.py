"""The workloads that are timed: shapes and sizes that every side reads.

Neither JAX nor torch is imported here: torch and JAX never share a process.
"""

import dataclasses
from collections.abc import Iterable
from typing import Any

from mtl_jax.errors import InputError, nearest

Task = tuple[str, str, int]  # name, kind, outputs


@dataclasses.dataclass(frozen=True)
class Workload:
  """One training step: network, tasks, batch and how losses are combined.

  Attributes:
    name: that of its row in the results.
    encoder: a file of mtl_jax/encoders; the peers build the same network.
    fields: of that encoder.
    shape: of one input row.
    kind: of the inputs: vectors, images or words.
    tasks: name, kind and number of outputs of each.
    batch: rows of a batch.
    rows: of the training set.
    period: steps between two evaluations of mtl_jax.
    goal: the ratio to LibMTL that mtl_jax should reach.
    dataset: of mtl_jax; the peers train on the same rows.
    scheme: a file of mtl_jax/schemes.
    balancer: a file of mtl_jax/balancers.
  """

  name: str
  encoder: str
  fields: dict[str, Any]
  shape: tuple[int, ...]
  kind: str
  tasks: tuple[Task, ...]
  batch: int
  rows: int
  period: int
  goal: float
  dataset: str = 'benchmarks.speed.drawn_rows'
  scheme: str = 'hard'
  balancer: str = 'equal'

  @property
  def dense(self) -> bool:
    """Whether its tasks predict maps."""
    return any(kind in MAPS for _, kind, _ in self.tasks)


MAPS = ('segmentation', 'depth', 'normals')
VOCABULARY, WIDTH = 10_000, 128
EXPERTS = 4
SEEDS = 8  # of mtl_jax, in one program
LR = 1e-3  # Adam everywhere

PATIENTS = (
  ('a', 'regression', 1),
  ('b', 'regression', 1),
  ('c', 'regression', 1),
  ('d', 'binary', 1),
  ('e', 'binary', 1),
)
DIGITS = ('left', 'multiclass', 10), ('right', 'multiclass', 10)
SENTENCES = ('sentiment', 'binary', 1), ('topic', 'multiclass', 4)
SCENES = (
  ('segmentation', 'segmentation', 13),
  ('depth', 'depth', 1),
  ('normals', 'normals', 3),
)


def _mlp(name: str, goal: float, **chosen: str) -> Workload:
  """ACTG 175: 19 numbers and 5 outcomes of 1,283 patients."""
  return Workload(
    name=name,
    encoder='mlp',
    fields={'widths': (64, 64)},
    shape=(19,),
    kind='vectors',
    tasks=PATIENTS,
    batch=64,
    rows=1283,
    period=4000,
    goal=goal,
    dataset='actg175',
    **chosen,
  )


def _lenet(name: str, goal: float, **chosen: str) -> Workload:
  """Two digits in one image of 36 x 36."""
  return Workload(
    name=name,
    encoder='lenet',
    fields={
      'channels': (10, 20),
      'sizes': (9, 5),
      'padding': 'VALID',
      'width': 50,
    },
    shape=(36, 36, 1),
    kind='images',
    tasks=DIGITS,
    batch=256,
    rows=6000,
    period=10,
    goal=goal,
    **chosen,
  )


def _words(name: str, goal: float, encoder: str, **fields: Any) -> Workload:
  """Sentences of up to 40 words, two tasks."""
  return Workload(
    name=name,
    encoder=encoder,
    fields={'vocab_size': VOCABULARY, **fields},
    shape=(40,),
    kind='words',
    tasks=SENTENCES,
    batch=64,
    rows=6000,
    period=20,
    goal=goal,
  )


def _scenes(name: str, encoder: str, **fields: Any) -> Workload:
  """Three maps of 128 x 128; a quarter of the published widths, for CPUs."""
  return Workload(
    name=name,
    encoder=encoder,
    fields=fields,
    shape=(128, 128, 3),
    kind='images',
    tasks=SCENES,
    batch=8,
    rows=64,
    period=8,
    goal=1,
  )


_ALL = (
  _mlp('mlp_equal', 60),
  _mlp('mlp_pcgrad', 30, balancer='pcgrad'),
  _mlp('mlp_mgda', 100, balancer='mgda'),
  _mlp('mlp_mmoe', 30, scheme='mmoe'),
  _lenet('lenet_equal', 1.6),
  _lenet('lenet_pcgrad', 1.3, balancer='pcgrad'),
  Workload(
    name='resnet_equal',
    encoder='resnet',
    fields={'widths': (16, 32, 64), 'depths': (1, 1, 1), 'norm': 'batch'},
    shape=(28, 28, 1),
    kind='images',
    tasks=DIGITS,
    batch=64,
    rows=6000,
    period=10,
    goal=1,
  ),
  _words('lstm_equal', 1.5, 'lstm', embedding=WIDTH, width=64),
  _words(
    'transformer_equal', 1.3, 'transformer', width=WIDTH, heads=4, depth=2
  ),
  _scenes('segnet_equal', 'segnet', widths=(16, 32, 64, 128, 128)),
  _scenes(
    'deeplab_equal',
    'deeplab',
    widths=(16, 32, 64, 128),
    depths=(2, 2, 2, 2),
    strides=(1, 2, 1, 1),
    dilations=(1, 1, 2, 4),
    head=64,
  ),
)
STEPS = {workload.name: workload for workload in _ALL}
# The table with an empty compilation cache, and again with the cache it left.
TABLE, TABLE_WARM = 'table', 'table_warm'
TABLE_GOALS = {TABLE: 5.0, TABLE_WARM: 10.0}
NAMES = (*STEPS, TABLE)
ROWS = (*NAMES, TABLE_WARM)  # of speed.csv, in this order
GOALS = {name: w.goal for name, w in STEPS.items()} | TABLE_GOALS


def check(names: Iterable[str], known: Iterable[str]) -> None:
  """Checks names of workloads.

  Args:
    names: as given by the user.
    known: the names that exist.

  Raises:
    InputError: a name does not exist; the message has the nearest one.
  """
  for name in names:
    if name not in known:
      raise InputError(f'unknown workload {name!r}; {nearest(name, known)}')
