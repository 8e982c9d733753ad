"""Shared-private model: one encoder for all tasks and one for each task."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges


class Scheme(base.Scheme):
  """Liu, Qiu, Huang, ACL 2017, arXiv:1704.05742.

  Task t reads the shared features concatenated with its own. Both encoders are
  narrowed, so that a task reads as many channels as in `hard`.

  Attributes:
    share: share of the channels that the shared encoder has.
    orthogonality: weight of the overlap of shared and private features (eq.
      15), times `hp.penalty`.
    adversarial: weight of the loss of a discriminator that predicts a row's
      task from the shared features (eq. 11; its gradient is reversed before
      the encoder), times `hp.penalty`. It needs rows that belong to one task.
  """

  penalised = True
  penalised_by = ('orthogonality', 'adversarial')
  share: float = 0.5
  orthogonality: float = 0.01
  adversarial: float = 0.0

  @property
  def own_rows(self) -> bool:
    """Whether each row must have the label of one task alone."""
    return self.adversarial > 0

  def __post_init__(self):
    fields = {'adversarial': self.adversarial}
    ranges.at_least(0, orthogonality=self.orthogonality, **fields)
    if not 0 < self.share < 1:
      raise ValueError(
        f'share is {self.share}; take a share of the channels between 0 '
        '(that is single) and 1 (that is hard)'
      )
    if self.resize is None:
      raise ValueError('the encoder does not declare its WIDTHS; see mlp.py')
    super().__post_init__()

  @nn.compact
  def __call__(self, x, train):
    k = self.num_tasks
    common = self.resize(self.share)
    shared = base.Encoder(common, name='shared_encoder')(x, train)
    shared = self.last_shared(shared)
    towers = base.Encoder(self.resize(1 - self.share), name='towers')
    own = base.unstack(base.stack(towers, k, x, train), k)
    self.add_penalties(base.summary(shared), [base.summary(h) for h in own])
    return self.predict(concatenate(shared, h) for h in own)

  def add_penalties(self, shared: Float[Array, 'b c'], own: list) -> None:
    """Adds the overlap and the discriminator's loss.

    Args:
      shared: pooled shared features.
      own: pooled private features of each task.
    """
    if self.orthogonality and self.recording:
      overlaps = [jnp.square(shared.T @ h).sum() for h in own]
      self.add_penalty(self.orthogonality * sum(overlaps) / len(shared) ** 2)
    if not self.adversarial:
      return
    logits = nn.Dense(self.num_tasks, name='aux_discriminator')(
      reverse(shared)
    ).astype(jnp.float32)
    unknown = jnp.zeros((len(shared), self.num_tasks), bool)
    loss = self.wrong(logits, self.now('mask', unknown))
    self.record('discriminator loss', loss)
    self.add_penalty(self.adversarial * loss)

  def wrong(
    self, logits: Float[Array, 'b tasks'], mask: Bool[Array, 'b tasks']
  ) -> Float[Array, '']:
    """Cross-entropy of the task that a row belongs to.

    Args:
      logits: of the discriminator.
      mask: which labels of a row are known; rows without any do not count.

    Returns:
      The mean over rows.
    """
    known = mask.any(1)
    losses = optax.softmax_cross_entropy_with_integer_labels(
      logits, mask.argmax(1)
    )
    return jnp.where(known, losses, 0).sum() / jnp.maximum(known.sum(), 1)


def concatenate(one: base.Features, other: base.Features) -> base.Features:
  """Concatenates features along the channels.

  Args:
    one: `[B, ..., C]`; its padding mask is used.
    other: `[B, ..., D]`.

  Returns:
    `[B, ..., C + D]`.
  """
  values = base.values(other)
  return base.alter(lambda h: jnp.concatenate([h, values], axis=-1), one)


@jax.custom_vjp
def reverse(x: Array) -> Array:
  """The identity; its gradient is negated, arXiv:1409.7495."""
  return x


reverse.defvjp(lambda x: (x, None), lambda _, cotangent: (-cotangent,))
