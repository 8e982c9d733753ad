"""Sluice networks: towers in subspaces, some of which are shared."""

import itertools

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges


class Scheme(base.Scheme):
  """Ruder, Bingel, Augenstein, Søgaard, AAAI 2019, arXiv:1705.08142.

  Each tower's channels are divided into subspaces of consecutive channels, and
  after each stage every subspace of every tower is replaced by a mixture of all
  of them (eq. 2). A task reads a mixture of its tower's last stages, of those
  whose features have the same shape (eq. 3).

  Attributes:
    subspaces: number of subspaces of a tower.
    own: initial weight of a subspace's own features.
    orthogonality: weight of the overlap between the kernels of a tower's
      subspaces (eq. 4), times `hp.penalty`.
  """

  mix = ('shared_alpha', 'alpha', 'beta')
  towers = True
  penalised = True
  penalised_by = ('orthogonality',)
  subspaces: int = 2
  own: float = 0.9
  orthogonality: float = 0.0

  def __post_init__(self):
    ranges.shares(own=self.own)
    ranges.at_least(1, subspaces=self.subspaces)
    ranges.at_least(0, orthogonality=self.orthogonality)
    super().__post_init__()

  @nn.compact
  def __call__(self, x, train):
    k, outputs = self.num_tasks, []
    for i, stage in enumerate(self.stages):
      axis = 0 if i else None
      tower = stage(name=f'shared_tower_{i}')
      x = base.stack(tower, k, x, train, axis)
      self.overlap(tower, base.channels(x))
      x = base.mix(lambda h, i=i: self.exchange(h, i), x)
      outputs.append(x)
    return self.predict_stacked(self.skip(outputs))

  def exchange(
    self, h: Float[Array, 'tasks ...'], stage: int
  ) -> Float[Array, 'tasks ...']:
    """Mixes the subspaces after a stage.

    Rows of the last unit affect only one task: they are private parameters.

    Args:
      h: features of all towers, `[K, B, ..., C]`.
      stage: index of the stage.

    Returns:
      Features of the same shape.

    Raises:
      ValueError: the channels are not a multiple of `subspaces`.
    """
    k, g, channels = self.num_tasks, self.subspaces, h.shape[-1]
    if channels % g:
      raise ValueError(
        f'{channels} channels of stage {stage} do not divide into '
        f'subspaces={g}; take as many as divide every stage'
      )
    last = stage == len(self.stages) - 1
    name = f'alpha_{stage}' if last else f'shared_alpha_{stage}'
    alpha = self.param(name, self.start)  # [K, G, K, G]
    alpha = jnp.where(self.alone, eye(k * g, k, g), alpha)
    self.record(f'alpha of stage {stage}', alpha.mean((1, 3)), 'task', 'tower')
    parts = h.reshape(*h.shape[:-1], g, channels // g)
    mixed = jnp.einsum('tish,sb...hc->tb...ic', alpha.astype(h.dtype), parts)
    return mixed.reshape(h.shape)

  def start(self, key):
    """Initial alpha: `own` for the same subspace, the rest in equal shares."""
    del key
    k, g = self.num_tasks, self.subspaces
    if k * g == 1:
      return jnp.ones((1, 1, 1, 1))
    other = (1 - self.own) / (k * g - 1)
    return other + (self.own - other) * eye(k * g, k, g)

  def skip(self, outputs: list[base.Features]) -> base.Features:
    """Each task's mixture of the last stages of one shape, eq. 3."""
    shapes = [base.values(h).shape for h in outputs]
    count = next(
      (n for n, s in enumerate(shapes[::-1]) if s != shapes[-1]), len(shapes)
    )
    shape = (self.num_tasks, count)
    beta = self.param('beta', nn.initializers.constant(1 / count), shape)
    last = jnp.eye(count)[-1][None]
    beta = jnp.where(self.alone, last, beta)
    self.record('beta', beta, 'task', 'stage')
    weights = beta.reshape(*shape, *[1] * (len(shapes[-1]) - 1))
    total = sum(
      weights[:, i].astype(base.values(h).dtype) * base.values(h)
      for i, h in enumerate(outputs[-count:])
    )
    return base.mix(lambda _: total, outputs[-1])

  def overlap(self, tower: nn.Module, width: int) -> None:
    """Adds the overlap between the subspaces of a stage's last kernel.

    Args:
      tower: the bound module of the stage.
      width: number of channels of the stage.
    """
    if not (self.orthogonality and self.recording):
      return
    # [K, ..., C]: the stage's last kernel in alphabetical order.
    kernel = base.kernels(tower.variables['params'])[-1]
    kernel = kernel.astype(jnp.float32)
    # Gates of recurrent cells are concatenated: they count as inputs.
    columns = kernel.reshape(len(kernel), -1, width)
    parts = jnp.split(columns, self.subspaces, axis=-1)
    for one, other in itertools.combinations(parts, 2):
      products = jnp.einsum('kna,knb->kab', one, other)
      self.add_penalty(self.orthogonality * jnp.square(products).sum())


def eye(n: int, k: int, g: int) -> Float[Array, 'k g k g']:
  """The identity on subspaces.

  Args:
    n: k * g.
    k: number of towers.
    g: number of subspaces of a tower.

  Returns:
    `[k, g, k, g]`.
  """
  return jnp.eye(n).reshape(k, g, k, g)
