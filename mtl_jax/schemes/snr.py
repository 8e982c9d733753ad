"""Sub-network routing: sub-networks connected by learned switches."""

import math
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges

# Parameters of the hard concrete distribution, arXiv:1712.01312, section 4.1.
BETA, LOW, HIGH = 2 / 3, -0.1, 1.1
OPEN = 0.9  # probability that a switch is open at the start


class Scheme(base.Scheme):
  """Ma, Zhao, Chen, Li, Hong, Chi, AAAI 2019.

  Each stage has several copies. A copy, and each task's head, reads the sum of
  the copies below whose switches are open. Switches are hard concrete
  variables, sampled in every training step and without noise at evaluation. The
  penalty is the expected number of open switches.

  Attributes:
    num_subnets: number of copies of a stage.
    transform: whether each connection has a learned matrix (SNR-Trans), or not
      (SNR-Aver).
  """

  mix = ('shared_switches', 'switches')
  penalised = True
  num_subnets: int = 4
  transform: bool = False

  def __post_init__(self):
    ranges.at_least(1, num_subnets=self.num_subnets)
    super().__post_init__()

  @nn.compact
  def __call__(self, x, train):
    n = self.num_subnets
    for i, stage in enumerate(self.stages):
      if i:
        x = self.route(f'shared_switches_{i}', n, x, train)
      name = f'shared_subnets_{i}'
      x = base.stack(stage(name=name), n, x, train, 0 if i else None)
    x = self.route('switches', self.num_tasks, self.last_shared(x), train)
    return self.predict_stacked(x)

  def route(self, name: str, size: int, x: base.Features, train: bool):
    """The inputs of several readers, from all sub-networks below.

    Args:
      name: name of the parameter.
      size: number of readers.
      x: features of the sub-networks, `[num_subnets, B, ..., C]`.
      train: whether to sample the switches.

    Returns:
      Features `[size, B, ..., C]`.
    """
    n = self.num_subnets
    start = nn.initializers.constant(opening(OPEN))
    logits = self.param(name, start, (size, n))
    noise = self.make_rng('gates') if train else None
    switches = hard_concrete(logits, noise)
    what = 'task' if name == 'switches' else 'to'
    self.record(name.replace('_', ' '), switches, what, 'subnet')
    if not self.transform:
      return base.mix(
        lambda h: jnp.einsum('ji,ib...c->jb...c', switches.astype(h.dtype), h),
        x,
      )
    channels = base.channels(x)
    start = nn.initializers.lecun_normal(batch_axis=(0, 1))
    shape = (size, n, channels, channels)
    matrices = self.param(name.replace('switches', 'transform'), start, shape)
    matrices = (switches[:, :, None, None] * matrices).astype(matrices.dtype)
    return base.mix(lambda h: jnp.einsum('jicd,ib...c->jb...d', matrices, h), x)

  def penalty(self, params: Any) -> Float[Array, '']:
    """The expected number of open switches."""
    logits = [p for name, p in params.items() if name.startswith(self.mix)]
    return sum(is_open(x).sum() for x in logits)


def hard_concrete(
  logits: Float[Array, '...'], key: Array | None
) -> Float[Array, '...']:
  """Switches in [0, 1], with positive probability of exactly 0 and 1.

  Louizos, Welling, Kingma, ICLR 2018, arXiv:1712.01312, section 4.1.

  Args:
    logits: of the switches.
    key: a random key, or None for no noise.

  Returns:
    Switches, shaped as `logits`.
  """
  drawn = logits
  if key is not None:
    # Not 0 or 1: their logits are infinite.
    noise = jax.random.uniform(key, logits.shape, minval=1e-6, maxval=1 - 1e-6)
    drawn = (jnp.log(noise) - jnp.log1p(-noise) + logits) / BETA
  return jnp.clip(nn.sigmoid(drawn) * (HIGH - LOW) + LOW, 0, 1)


def is_open(logits: Float[Array, '...']) -> Float[Array, '...']:
  """The probability that a switch is not 0."""
  return nn.sigmoid(logits - BETA * math.log(-LOW / HIGH))


def opening(probability: float) -> float:
  """The logit of a switch that is not 0 with this probability."""
  odds = math.log(probability / (1 - probability))
  return odds + BETA * math.log(-LOW / HIGH)
