"""What Misra et al. (CVPR 2016) published, and the presets of this benchmark.

Values are of tables 1, 2, 3 and 5: NYUv2, 40 classes of segmentation and
surface normals, two AlexNets, single runs without intervals.
"""

from typing import NamedTuple

FOLDER = 'docs/results/cross_stitch'


class Preset(NamedTuple):
  """The size of the experiment.

  Attributes:
    seeds: of each row; every seed has pictures of its own.
    steps: of every run.
    evals: on validation.
    pictures: of train, valid and test.
    labels: of `item`; `hidden` has all.
  """

  seeds: int
  steps: int
  evals: int
  pictures: tuple[int, int, int]
  labels: int


PRESETS = {
  'smoke': Preset(2, 60, 6, (600, 200, 200), 100),
  'cpu': Preset(10, 1000, 20, (4000, 1000, 2000), 200),
}


class Published(NamedTuple):
  """Results of one network.

  Attributes:
    angle: mean error of surface normals in degrees; lower is better.
    miou: of segmentation in %; higher is better.
  """

  angle: float
  miou: float


# By row of `variants`. The rows of one table are compared with each other only:
# the network that is ours in all of them is another one in each.
TABLES = {
  'T1': {
    'own 0.1': Published(34.6, 18.2),
    'own 0.5': Published(34.4, 18.6),
    'own 0.7': Published(34.0, 18.6),
    'cross_stitch': Published(34.0, 18.9),
  },
  'T2': {
    'lr x 1': Published(34.6, 18.6),
    'lr x 10': Published(34.5, 18.7),
    'lr x 100': Published(34.0, 18.9),
    'lr x 1000': Published(34.1, 19.3),
  },
  'T3': {
    'from scratch': Published(34.6, 17.7),
    'cross_stitch': Published(34.1, 19.3),
  },
  'T5': {
    'single': Published(34.8, 18.4),
    'ensemble of two': Published(34.4, 18.9),
    'best split': Published(34.7, 19.2),
    'hard': Published(34.7, 16.6),
    'cross_stitch': Published(34.1, 19.3),
  },
}
BASE = TABLES['T5']['single']  # whose values are 100 %


def gain(table: str, better: str, worse: str) -> float:
  """Returns by how many % of the one-task networks a row is better.

  Args:
    table: a key of `TABLES`.
    better: a row of it.
    worse: another one.

  Returns:
    The mean over the two tasks, as ours; + is better.
  """
  own, other = TABLES[table][better], TABLES[table][worse]
  angle = (other.angle - own.angle) / BASE.angle
  return 50 * (angle + (own.miou - other.miou) / BASE.miou)
