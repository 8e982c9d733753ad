"""Training one run, as pure functions of its state."""

from mtl_jax.train.evaluation import evaluate
from mtl_jax.train.optimizers import Hp
from mtl_jax.train.selection import Scoring
from mtl_jax.train.state import Best, System, TrainState, init, stream
from mtl_jax.train.steps import Drawn, advance, draw, follow, take
from mtl_jax.train.update import Metrics, step

__all__ = [
  'Best',
  'Drawn',
  'Hp',
  'Metrics',
  'Scoring',
  'System',
  'TrainState',
  'advance',
  'draw',
  'evaluate',
  'follow',
  'init',
  'step',
  'stream',
  'take',
]
