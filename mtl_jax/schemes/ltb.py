"""Learning to branch: which copy of each stage reads which one below it."""

import flax.linen as nn
import jax.numpy as jnp

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges
from mtl_jax.schemes.parts import gumbel, search


class Scheme(base.Scheme):
  """Guo, Lee, Ulbricht, ICML 2020, arXiv:2006.01895.

  Each stage has several copies, its nodes. During the search a node, and a
  task's head, reads a Gumbel-softmax mixture of the nodes below. Then every
  choice is fixed at its most likely node, and all weights are trained anew.
  Evaluation does not sample.

  Attributes:
    num_nodes: number of nodes of a stage; 0: one per task.
    search: share of the steps that the search takes.
    warmup: share of the search in which the mixture is the mean.
    temperature: initial temperature of the Gumbel-softmax samples.
    hard_samples: whether samples are one-hot, with straight-through gradients.
  """

  mix = ('shared_choice', 'choice')
  num_nodes: int = 0
  search: float = 0.5
  warmup: float = 0.01
  temperature: float = 5.0
  hard_samples: bool = False

  def __post_init__(self):
    search.check(self.search, self.warmup, self.temperature)
    ranges.at_least(0, num_nodes=self.num_nodes)
    super().__post_init__()

  def restart(self, steps):
    return search.length(self.search, steps)

  def group(self, name):
    if not name.startswith(self.mix):
      return base.Group()

    def moves(step, steps):
      return step < self.restart(steps)

    return base.Group(self.mix_lr, decays=False, moves=moves)

  @nn.compact
  def __call__(self, x, train):
    nodes = self.num_nodes or self.num_tasks
    for i, stage in enumerate(self.stages):
      if i:
        x = self.choose(f'shared_choice_{i}', nodes, x, train)
      name = f'shared_nodes_{i}'
      x = base.stack(stage(name=name), nodes, x, train, 0 if i else None)
    x = self.choose('choice', self.num_tasks, x, train)
    return self.predict_stacked(x)

  def choose(self, name, size, x, train):
    """The inputs of several readers, from the nodes below.

    Args:
      name: name of the parameter.
      size: number of readers.
      x: features of the nodes, `[nodes, B, ..., C]`.
      train: whether to sample.

    Returns:
      Features `[size, B, ..., C]`.
    """
    nodes = self.num_nodes or self.num_tasks
    logits = self.param(name, nn.initializers.zeros, (size, nodes))
    logits = logits.astype(jnp.float32)
    reader = 'task' if name == 'choice' else 'node'
    self.record(name.replace('_', ' '), nn.softmax(logits), reader, 'parent')
    d = self.drawn(logits) if train else gumbel.most_likely(logits)
    return base.mix(
      lambda h: jnp.einsum('ji,ib...c->jb...c', d.astype(h.dtype), h), x
    )

  def drawn(self, logits):
    """Weights of one training step: mean, then sample, then fixed choice."""
    steps = self.now('steps', 1)
    done = self.now('step', 0) / (self.search * steps)
    # The published schedule is by epoch, for a search of 100 epochs.
    temperature = self.temperature / jnp.sqrt(1 + 100 * done)
    drawn = gumbel.gumbel_softmax(logits, self.make_rng('gates'), temperature)
    if self.hard_samples:
      drawn = gumbel.straight_through(drawn)
    mean = jnp.full_like(logits, 1 / logits.shape[-1])
    drawn = jnp.where(done < self.warmup, mean, drawn)
    # A traced step: both branches are computed, and one is selected.
    settled = self.now('step', 0) >= self.restart(steps)
    return jnp.where(settled, gumbel.most_likely(logits), drawn)
