"""Where experts begin in an encoder, and running them."""

from typing import Any

from mtl_jax.schemes import base, ranges


def stem_length(scheme: base.Scheme, expert_from: int, x: Any) -> int:
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
  scheme: base.Scheme, expert_from: int, size: int, x: Any, train: bool
) -> tuple[base.Features, list[base.Features]]:
  """What gates read and what `size` shared experts make of it."""
  cut = stem_length(scheme, expert_from, x)
  x = stem(scheme, cut, x, train)
  experts = base.Encoder(scheme.stages[cut:], name='shared_experts')
  return x, base.unstack(base.stack(experts, size, x, train), size)


def last_shared(scheme: base.Scheme, found: list) -> list[base.Features]:
  """Marks what the experts make, where each task's own gate mixes it."""
  return [scheme.last_shared(h, f'expert_{e}') for e, h in enumerate(found)]
