"""Where experts begin in an encoder, and running them."""

from typing import Any

from mtl_jax.schemes import base
from mtl_jax.schemes.base import ranges


def stem_length(
  scheme: base.Scheme, expert_from: int, x: Any, tower_from: int = -1
) -> int:
  """How many stages all experts share; -1 picks the fewest that will do.

  Gates read the input itself where it is a vector, and the pooled features of
  at least one stage where it is an image or a text.

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
  """The first `cut` stages, which all experts share."""
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
  """What gates read and what `size` shared experts make of it."""
  cut = stem_length(scheme, expert_from, x, tower_from)
  x = stem(scheme, cut, x, train)
  until = tower_from if tower_from >= 0 else len(scheme.stages)
  experts = base.Encoder(scheme.stages[cut:until], name='shared_experts')
  return x, base.unstack(base.stack(experts, size, x, train), size)


def last_shared(scheme: base.Scheme, outputs: list) -> list[base.Features]:
  """Marks what the experts make, where each task's own gate mixes it."""
  return [scheme.last_shared(h, f'expert_{e}') for e, h in enumerate(outputs)]


def check_towers(tower_from: int, count: int) -> None:
  """Raises `ValueError` where towers would begin behind all `count` stages."""
  ranges.at_least(-1, tower_from=tower_from)
  if tower_from > count:
    raise ValueError(
      f'tower_from is {tower_from}, and the encoder has {count} stages'
    )


def towers(
  scheme: base.Scheme, tower_from: int, mixed: base.Features, train: bool
) -> base.Features:
  """Each task's own copy of the stages from `tower_from` on; -1 is none.

  Features in and out are stacked, `[K, B, ...]`.
  """
  if not has_towers(scheme, tower_from):
    return mixed
  branch = base.Encoder(scheme.stages[tower_from:], name='towers')
  return base.stack(branch, scheme.num_tasks, mixed, train, in_axis=0)


def has_towers(scheme: base.Scheme, tower_from: int) -> bool:
  """Whether any stage is left for towers."""
  return 0 <= tower_from < len(scheme.stages)
