"""Do the losses of the tasks have to be balanced?"""

from __future__ import annotations

from experiments.claims import tuning
from experiments.claims.asked import Asked
from mtl_jax.api import methods, tuned
from mtl_jax.report.claims import balanced
from mtl_jax.report.claims.claimed import Answer

SCHEME = 'hard'


def answer(asked: Asked) -> Answer | None:
  """Tunes balancers and fixed weights on one number of draws.

  Args:
    asked: the data set, and how large.

  Returns:
    The answer; None on processes other than 0.

  Raises:
    InputError: something cannot be trained.
  """
  # In the folder of the claim on tuning: two rows are the same cells.
  part = asked.part(tuning.PART)._replace(reference=False)
  rows = methods.of_balancers(SCHEME, [*asked.balancers])
  found = tuned.run(part, rows, asked.draws, skip_invalid=False)
  if found is None:
    return None
  return balanced.answer(found.tuned, asked.experiment.config.margin)
