"""The modules that answer the claims, one for each."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mtl_jax.report.claims.claimed import CLAIMS, Answer

if TYPE_CHECKING:
  from experiments.claims.asked import Asked


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
    # A claim is a file of its name with `answer(asked) -> Answer | None`.
    module = importlib.import_module(f'experiments.claims.{claim}')
    answer = module.answer(asked)
    if answer:
      yield answer
