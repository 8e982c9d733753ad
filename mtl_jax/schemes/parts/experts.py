"""Runs experts: copies of the stages behind a shared stem."""

from typing import Any

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges


def stem_length(
  scheme: base.Scheme, expert_from: int, x: Any, tower_from: int = -1
) -> int:
  """Number of stages in the stem that all experts share.

  A gate reads the input itself if it is a vector, and otherwise the pooled
  features of at least one stage.

  Args:
    scheme: it has the encoder's stages.
    expert_from: number of stages in the stem; -1 is the fewest possible.
    x: a batch of inputs.
    tower_from: stage at which each task's own tower begins; -1: no towers.

  Returns:
    The number of stages.

  Raises:
    ValueError: a gate would read raw input, or no stage is left.
  """
  ranges.at_least(-1, expert_from=expert_from)
  raw, count = base.is_raw(x), len(scheme.stages)
  cut = expert_from if expert_from >= 0 else int(raw)
  if cut == 0 and raw:
    raise ValueError(
      'a gate cannot read raw pixels or words; set expert_from=1'
    )
  if 0 <= tower_from <= cut:
    raise ValueError(
      f'tower_from={tower_from} leaves no stage for the experts: they begin '
      f'behind {cut}; set tower_from={cut + 1} or more'
    )
  if cut >= count:
    raise ValueError(
      f'expert_from={expert_from} leaves no stage for the experts: the '
      f'encoder has {count}, and they would begin behind {cut}'
    )
  return cut


def stem(scheme: base.Scheme, cut: int, x: Any, train: bool) -> base.Features:
  """Applies the stem.

  Args:
    scheme: it has the encoder's stages.
    cut: number of stages in the stem.
    x: a batch of inputs.
    train: whether this is a training step.

  Returns:
    The features, or `x` if there is no stem.
  """
  if not cut:
    return x
  return base.Encoder(scheme.stages[:cut], name='shared_stem')(x, train)


def run(
  scheme: base.Scheme,
  expert_from: int,
  size: int,
  x: Any,
  train: bool,
  tower_from: int = -1,
) -> tuple[base.Features, list[base.Features]]:
  """Applies the stem and the shared experts.

  Args:
    scheme: it has the encoder's stages.
    expert_from: see `stem_length`.
    size: number of experts.
    x: a batch of inputs.
    train: whether this is a training step.
    tower_from: see `stem_length`.

  Returns:
    The input of the gates, and a list of the experts' features.
  """
  cut = stem_length(scheme, expert_from, x, tower_from)
  x = stem(scheme, cut, x, train)
  until = tower_from if tower_from >= 0 else len(scheme.stages)
  experts = base.Encoder(scheme.stages[cut:until], name='shared_experts')
  return x, base.unstack(base.stack(experts, size, x, train), size)


def last_shared(scheme: base.Scheme, outputs: list) -> list[base.Features]:
  """Marks the experts' features as the last that tasks share.

  Args:
    scheme: a scheme in which each task has its own gate.
    outputs: the experts' features.

  Returns:
    The features, to be used in place of the argument.
  """
  return [scheme.last_shared(h, f'expert_{e}') for e, h in enumerate(outputs)]


def check_towers(tower_from: int, count: int) -> None:
  """Checks where towers begin.

  Args:
    tower_from: first stage of the towers; -1: no towers.
    count: number of stages of the encoder.

  Raises:
    ValueError: `tower_from` is out of range.
  """
  ranges.at_least(-1, tower_from=tower_from)
  if tower_from > count:
    raise ValueError(
      f'tower_from is {tower_from}, and the encoder has {count} stages'
    )


def towers(
  scheme: base.Scheme, tower_from: int, mixed: base.Features, train: bool
) -> base.Features:
  """Applies each task's own copy of the last stages to its mixture.

  Args:
    scheme: it has the encoder's stages.
    tower_from: first stage of the towers; -1: no towers.
    mixed: stacked features, `[K, B, ...]`.
    train: whether this is a training step.

  Returns:
    Stacked features, `[K, B, ...]`.
  """
  if not has_towers(scheme, tower_from):
    return mixed
  branch = base.Encoder(scheme.stages[tower_from:], name='towers')
  return base.stack(branch, scheme.num_tasks, mixed, train, in_axis=0)


def has_towers(scheme: base.Scheme, tower_from: int) -> bool:
  """Whether any stage is left for towers."""
  return 0 <= tower_from < len(scheme.stages)
