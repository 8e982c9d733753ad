"""Does sharing take more tuning?"""

from __future__ import annotations

from experiments.claims.asked import Asked
from mtl_jax.api import compare
from mtl_jax.report.claims import tuned_draws
from mtl_jax.report.claims.claimed import Answer

PART = 'tuned'


def answer(asked: Asked) -> Answer | None:
  """Tunes `single` and the schemes on one number of draws.

  Args:
    asked: the data set, and how large.

  Returns:
    The answer; None on processes other than 0.

  Raises:
    InputError: something cannot be trained.
  """
  part = asked.part(PART)._replace(reference=False)
  schemes = [*asked.tuned_schemes]
  found = compare.ask(part, schemes, ['equal'], tune=asked.draws)
  return tuned_draws.answer(found.tuned) if found else None
