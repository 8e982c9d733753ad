"""AdaShare: each task learns which stages of one encoder to skip."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from mtl_jax import layers
from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges
from mtl_jax.schemes.parts import gumbel, search


class Scheme(base.Scheme):
  """Sun, Panda, Feris, Saenko, NeurIPS 2020, arXiv:1911.12423.

  A stage can be skipped if its features keep their shape, or halve an image and
  add channels. (The shortcut is then every second pixel, padded with 0,
  arXiv:1512.03385, option A.) The search learns a policy, which stages each
  task uses: after a warm-up with all stages, blocks of steps train weights and
  policies in turn, and more stages can be skipped, from the last one backwards.
  Then each policy is fixed at its likelier choice, and all weights are trained
  anew. Evaluation does not sample.

  Attributes:
    search: share of the steps that the search takes.
    warmup: share of the search in which all stages are used.
    block: number of steps in a block.
    temperature: initial temperature of the Gumbel-softmax samples.
    cooling: the temperature is multiplied by it every 100 steps.
    sparsity: weight of the penalty for using a stage, times `hp.penalty`.
    sharing: weight of the penalty for policies that differ between tasks, times
      `hp.penalty`; it is larger for lower stages.
  """

  mix = ('policy',)
  penalised = True
  penalised_by = ('sparsity', 'sharing')
  mix_lr: float = 10.0
  search: float = 0.5
  warmup: float = 0.2
  block: int = 20
  temperature: float = 5.0
  cooling: float = 0.965
  sparsity: float = 1e-3
  sharing: float = 0.05

  def __post_init__(self):
    search.check(self.search, self.warmup, self.temperature)
    ranges.at_least(1, block=self.block)
    ranges.at_least(0, sparsity=self.sparsity, sharing=self.sharing)
    ranges.more_than(0, cooling=self.cooling)
    super().__post_init__()

  def restart(self, steps):
    return search.length(self.search, steps)

  def check(self, steps):
    left = (1 - self.warmup) * self.restart(steps)
    if left < 2 * self.block:
      raise ValueError(
        f'block={self.block} leaves no steps for policies: of {steps} steps '
        f'{left:.0f} choose; take half of them at most'
      )

  def group(self, name):
    def choosing(step, steps):
      begun = step >= self.warmup * self.search * steps
      # Blocks alternate between weights and policies.
      odd = step // self.block % 2 == 1
      return begun & odd & (step < self.restart(steps))

    if name.startswith(self.mix):
      return base.Group(self.mix_lr, decays=False, moves=choosing)
    return base.Group(moves=lambda *now: jnp.logical_not(choosing(*now)))

  @nn.compact
  def __call__(self, x, train):
    k, used = self.num_tasks, {}
    for i, stage in enumerate(self.stages):
      module = stage(name=f'shared_stage_{i}')
      if i == 0:
        x = base.spread(module(x, train), k)
        continue
      past, x = x, base.per_task(module, k, x, train)
      around = shortcut(past, x)
      if around is not None:
        used[i] = self.chances(i)
        share = self.selected(i, used[i], train)
        x = base.mix(lambda h, a=around, v=share: blend(h, a, v), x)
    if not used:
      raise ValueError(
        'adashare skips stages whose features keep their shape, and this '
        'encoder has none behind its first; take one with equal widths, or '
        'resnet or transformer'
      )
    self.add_penalties(used)
    return self.predict_stacked(x)

  def chances(self, stage):
    """Log-probabilities of using and of skipping a stage, `[K, 2]`."""
    shape = (self.num_tasks, 2)
    logits = self.param(f'policy_{stage}', nn.initializers.zeros, shape)
    chances = nn.log_softmax(logits.astype(jnp.float32))
    self.record(f'use of stage {stage}', jnp.exp(chances[:, 0]), 'task')
    return chances

  def selected(self, stage, chances, train):
    """The weight of a stage against its shortcut for each task, `[K]`.

    Args:
      stage: index of the stage.
      chances: log-probabilities of using and of skipping it, `[K, 2]`.
      train: whether to sample.

    Returns:
      Weights in [0, 1]: 1 uses the stage.
    """
    settled = gumbel.most_likely(chances)[:, 0]
    if not train:
      return settled
    steps, step = self.now('steps', 1), self.now('step', 0)
    temperature = self.temperature * self.cooling ** (step / 100)
    key = self.make_rng('gates')
    drawn = gumbel.gumbel_softmax(chances, key, temperature)[:, 0]
    drawn = jnp.where(self.opened(stage), drawn, 1.0)
    return jnp.where(step >= self.restart(steps), settled, drawn)

  def opened(self, stage):
    """Whether a stage can be skipped yet.

    The last stage can be first, and all of them after half of the search that
    follows the warm-up.
    """
    done = self.now('step', 0) / (self.search * self.now('steps', 1))
    begun = (done - self.warmup) / (1 - self.warmup)
    count = len(self.stages)
    return begun >= 0.5 * (count - 1 - stage) / count

  def add_penalties(self, used):
    """Adds the sparsity and sharing penalties of open stages, eq. 4 and 5."""
    count = len(self.stages)
    for stage, chances in used.items():
      select = jnp.exp(chances[:, 0])
      apart = jnp.abs(select[:, None] - select[None]).sum() / 2
      penalty = -self.sparsity * chances[:, 1].sum() / len(used)
      penalty += self.sharing * (count - stage) / count * apart
      self.add_penalty(jnp.where(self.opened(stage), penalty, 0))


def shortcut(past: base.Features, x: base.Features) -> base.Features | None:
  """The shortcut around a stage.

  Args:
    past: input of the stage, `[K, B, ..., C]`.
    x: its output.

  Returns:
    An array of the output's shape, or None if the shapes do not allow it.
  """
  one, other = base.values(past), base.values(x)
  if one.shape == other.shape:
    return one
  if one.ndim != 5 or other.ndim != 5 or isinstance(x, layers.Sequence):
    return None
  more = other.shape[-1] - one.shape[-1]
  sides = zip(one.shape[2:4], other.shape[2:4], strict=True)
  # An odd side may be rounded up or down; less is not half of it.
  if more < 0 or any(abs(2 * new - old) > 1 for old, new in sides):
    return None
  halved = one[:, :, ::2, ::2][:, :, : other.shape[2], : other.shape[3]]
  return jnp.pad(halved, [(0, 0)] * 4 + [(0, more)])


def blend(h: jax.Array, around: jax.Array, share: jax.Array) -> jax.Array:
  """Weighted mean of a stage's output and its shortcut.

  Args:
    h: output, `[K, B, ..., C]`.
    around: shortcut, of the same shape.
    share: weight of `h` for each task, `[K]`.

  Returns:
    `[K, B, ..., C]`.
  """
  share = share.reshape(-1, *[1] * (h.ndim - 1)).astype(h.dtype)
  return share * h + (1 - share) * around
