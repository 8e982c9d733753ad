"""What the schemes that search first (`adashare`, `ltb`) have in common."""

from mtl_jax.schemes.base import ranges


def check(search: float, warmup: float, temperature: float) -> None:
  """Checks the fields of a search.

  Args:
    search: share of all steps that the search takes.
    warmup: share of the search in which every choice is still open.
    temperature: initial temperature of the Gumbel-softmax samples.

  Raises:
    ValueError: a field is out of range.
  """
  ranges.parts(search=search)
  ranges.more_than(0, temperature=temperature)
  if not 0 <= warmup < 1:
    raise ValueError(f'warmup is {warmup}; take a share of the search below 1')


def length(search: float, steps: int) -> int:
  """Number of steps of the search, at least 1.

  Args:
    search: share of all steps that the search takes.
    steps: number of all steps.

  Returns:
    The step at which the search ends and the second training begins.
  """
  return max(1, round(search * steps))
