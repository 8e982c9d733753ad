"""The modules that answer the claims, one for each."""

from collections.abc import Iterator, Sequence

from experiments.claims import (
  balance,
  data_efficiency,
  generalisation,
  interference,
  performance,
  training_time,
  tuning,
)
from experiments.claims.asked import Asked
from mtl_jax.report.claims.claimed import CLAIMS, Answer

MODULES = {
  'performance': performance,
  'training_time': training_time,
  'generalisation': generalisation,
  'data_efficiency': data_efficiency,
  'interference': interference,
  'balance': balance,
  'tuning': tuning,
}


def answers(asked: Asked, claims: Sequence[str]) -> Iterator[Answer]:
  """Trains what each claim needs, and yields its answer.

  Args:
    asked: the data set, and how large.
    claims: names of those to measure; they come in the order of `CLAIMS`.

  Yields:
    One per claim; nothing on processes other than 0.

  Raises:
    InputError: something cannot be trained.
  """
  for claim in (name for name in CLAIMS if name in claims):
    print(f'\n{claim}: {CLAIMS[claim]}?', flush=True)
    answer = MODULES[claim].answer(asked)
    if answer:
      yield answer
