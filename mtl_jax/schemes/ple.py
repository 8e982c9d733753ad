"""Progressive layered extraction: levels of own and shared experts."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges
from mtl_jax.schemes.parts import experts, gates


class Scheme(base.Scheme):
  """Tang, Liu, Zhao, Gong, RecSys 2020.

  Every level has experts of each task, which read that task's stream, and
  shared ones, which read the shared stream. A task's gate mixes its own and the
  shared experts; below the last level a shared gate mixes all experts into the
  next shared stream. Stem and gates as in `mmoe`.

  Attributes:
    own: number of experts of each task in a level.
    shared: number of shared experts in a level.
    levels: number of levels, into which the stages behind the stem are divided
      as evenly as possible; -1: each stage is a level.
    expert_from: see `parts.experts.stem_length`.
  """

  mix = ('shared_gate', 'gate')
  own: int = 1
  shared: int = 1
  levels: int = -1
  expert_from: int = -1

  def __post_init__(self):
    ranges.at_least(1, own=self.own, shared=self.shared)
    ranges.at_least(-1, levels=self.levels)
    super().__post_init__()

  @nn.compact
  def __call__(self, x, train):
    cut = experts.stem_length(self, self.expert_from, x)
    x = experts.stem(self, cut, x, train)
    parts = self.cut(cut)
    streams, common, axis = x, x, None
    for level, stages in enumerate(parts):
      left = len(parts) - 1 - level
      outputs = self.experts(level, left, stages, streams, common, axis, train)
      read = base.summary(common), self.summaries(streams, axis)
      streams, common = self.mixed(level, left, outputs, *read)
      axis = 0
    return self.predict_stacked(streams)

  def cut(self, first):
    """The stages of each level."""
    stages = self.stages[first:]
    count = len(stages) if self.levels < 0 else self.levels
    if not 1 <= count <= len(stages):
      raise ValueError(
        f'levels={self.levels}: the encoder has {len(stages)} stages behind '
        'the stem'
      )
    ends = [round(i * len(stages) / count) for i in range(count + 1)]
    return [stages[a:b] for a, b in zip(ends, ends[1:], strict=False)]

  def experts(self, level, left, stages, streams, common, axis, train):
    """Applies all experts of a level.

    Args:
      level: index of the level.
      left: number of levels after it.
      stages: its stages.
      streams: input of the tasks' experts.
      common: input of the shared experts.
      axis: axis of tasks in `streams`, or None if all read the same.
      train: whether this is a training step.

    Returns:
      A list of features `[K, B, ...]` of the tasks' experts, and a list of
      features `[B, ...]` of the shared ones.
    """
    k = self.num_tasks
    # Below the last level the shared gate passes every task's experts on to all
    # tasks, so their parameters are shared.
    name = f'shared_task_experts_{level}' if left else f'task_experts_{level}'
    towers = base.Stack(stages, self.own, name=name)
    own = base.stack(towers, k, streams, train, axis)
    own = base.unstack(base.swapped(own), self.own)  # each [K, B, ...]
    shared = base.Encoder(stages, name=f'shared_experts_{level}')
    shared = base.stack(shared, self.shared, common, train)
    return own, base.unstack(shared, self.shared)

  def summaries(self, streams, axis):
    """The inputs of the tasks' gates.

    Args:
      streams: the tasks' streams.
      axis: axis of tasks in `streams`, or None if all read the same.

    Returns:
      `[K, B, C]`.
    """
    if axis is None:
      return base.spread(base.summary(streams), self.num_tasks)
    return jax.vmap(base.summary)(streams)

  def mixed(self, level, left, outputs, common, streams):
    """Applies the gates of a level.

    Args:
      level: index of the level.
      left: number of levels after it.
      outputs: of the tasks' experts and of the shared ones, see `experts`.
      common: input of the shared gate, `[B, C]`.
      streams: inputs of the tasks' gates, `[K, B, C]`.

    Returns:
      The tasks' streams `[K, B, ...]`, and the shared stream, or None after the
      last level.
    """
    (own, shared), k = outputs, self.num_tasks
    # Another task reads this stream only through a later shared gate.
    name = f'shared_gates_{level}' if left > 1 else f'gates_{level}'
    shape = (k, streams.shape[-1], self.own + self.shared)
    kernels = self.param(name, gates.start, shape)
    gate = jax.vmap(gates.softmax, out_axes=1)(streams, kernels)
    self.record_gates(level, gate)
    common_to_all = [base.spread(h, 1) for h in shared]
    streams = gates.mixtures(gate, own + common_to_all)
    if not left:
      return streams, None
    tasks = [base.unstack(h, k) for h in own]
    every = [h for task in zip(*tasks, strict=True) for h in task] + shared
    shape = (common.shape[-1], len(every))
    kernel = self.param(f'shared_gate_{level}', gates.start, shape)
    return streams, gates.weighted(gates.softmax(common, kernel), every)

  def record_gates(self, level, gate):
    """Records mean gates and each expert's use.

    Args:
      level: index of the level.
      gate: weights of the experts, `[B, K, E]`.
    """
    means = gate.astype(jnp.float32).mean(0)
    self.record(f'gate of level {level}', means, 'task', 'expert')
    self.record(f'use of level {level}', means.mean(0), 'expert')
