"""The claims of MMoE's paper on its synthetic experiment, tested on losses.

Losses are `[draws]` for each model and correlation p; the draws are the same
for all models and all p.
"""

import itertools
from typing import NamedTuple

import numpy as np

from benchmarks.mmoe_synthetic.rules import (
  Losses,
  Part,
  above,
  bootstrap,
  paired,
  together,
  within,
)
from benchmarks.mmoe_synthetic.runs import MODELS

EQUAL = 0.05  # share of MMoE's mean loss within which OMoE is about equal
FAR = 2.0  # ratio of variances above which one is far larger
NEAR = 1.25  # ratio of lowest losses, or its inverse, that is comparable
LOWEST = 0.05  # quantile for the lowest losses; a minimum has no interval


class Claim(NamedTuple):
  """A published claim.

  Attributes:
    text: what the paper claims.
    rule: how its parts are decided.
    parts: numbers that the claim implies, each with its verdict.
  """

  text: str
  rule: str
  parts: list[Part]

  @property
  def verdict(self) -> str:
    """Whether the claim holds, from its parts."""
    return together([part.verdict for part in self.parts])


def judged(losses: Losses) -> list[Claim]:
  """Tests all claims, in the order of `PARTS`."""
  return [
    Claim(TEXTS[name], RULES[name], parts(losses))
    for name, parts in PARTS.items()
  ]


def correlations(losses: Losses) -> list[float]:
  """Returns the correlations p that there are losses of, in order."""
  return sorted({p for _, p in losses})


def related(losses: Losses) -> list[Part]:
  """(a) Whether a higher correlation gives a lower loss."""
  steps = itertools.pairwise(correlations(losses))
  return [
    paired(
      f'{MODELS[m]}: loss at p = {p:g} less at {q:g}',
      losses[m, p] - losses[m, q],
    )
    for (p, q), m in itertools.product(steps, MODELS)
  ]


def steady(losses: Losses) -> list[Part]:
  """(b) How much the mean loss varies with p."""

  def swing(drawn: Losses, model: str):
    means = [drawn[model, p].mean(-1) for p in correlations(losses)]
    return np.max(means, 0) - np.min(means, 0)

  return [
    bootstrap(
      f'range of means over p, {MODELS[m]} less MMoE',
      losses,
      lambda drawn, m=m: swing(drawn, m) - swing(drawn, 'mmoe'),
      above,
    )
    for m in ('hard', 'omoe')
  ]


def gates(losses: Losses) -> list[Part]:
  """(c) How OMoE compares with MMoE at each p."""
  *lower, top = correlations(losses)
  share = (losses['omoe', top] - losses['mmoe', top]) / losses[
    'mmoe', top
  ].mean()
  equal = paired(f'p = {top:g}: (OMoE less MMoE) / mean of MMoE', share)
  verdict = within(equal.low, equal.high, -EQUAL, EQUAL)
  return [equal._replace(verdict=verdict)] + [
    paired(f'p = {p:g}: OMoE less MMoE', losses['omoe', p] - losses['mmoe', p])
    for p in lower
  ]


def better(losses: Losses) -> list[Part]:
  """(d) How Shared-Bottom compares with both, averaged over p."""
  mean = {
    m: np.mean([losses[m, p] for p in correlations(losses)], 0) for m in MODELS
  }
  return [
    paired(f'Shared-Bottom less {MODELS[m]}', mean['hard'] - mean[m])
    for m in ('omoe', 'mmoe')
  ]


def variable(losses: Losses) -> list[Part]:
  """(e) How much losses vary between draws."""

  def variance(drawn: Losses, model: str):
    return sum(drawn[model, p].var(-1) for p in correlations(losses))

  return [
    bootstrap(
      f'variance of Shared-Bottom / of {MODELS[m]}',
      losses,
      lambda drawn, m=m: variance(drawn, 'hard') / variance(drawn, m),
      lambda low, high: above(low, high, FAR),
    )
    for m in ('omoe', 'mmoe')
  ]


def lowest(losses: Losses) -> list[Part]:
  """(f) How the losses of the best draws compare."""

  def best(drawn: Losses, model: str, p: float):
    return np.quantile(drawn[model, p], LOWEST, axis=-1)

  return [
    bootstrap(
      f'p = {p:g}: lowest of {MODELS[m]} / of MMoE',
      losses,
      lambda drawn, m=m, p=p: best(drawn, m, p) / best(drawn, 'mmoe', p),
      lambda low, high: within(low, high, 1 / NEAR, NEAR),
    )
    for p in correlations(losses)
    for m in ('hard', 'omoe')
  ]


PARTS = {
  'a': related,
  'b': steady,
  'c': gates,
  'd': better,
  'e': variable,
  'f': lowest,
}
TEXTS = {
  'a': 'All models are better at higher p.',
  'b': "MMoE's mean varies less over p than OMoE's and Shared-Bottom's.",
  'c': 'OMoE is about MMoE at p = 1 and falls behind at lower p.',
  'd': 'Both beat Shared-Bottom on average.',
  'e': 'Shared-Bottom has a far larger variance from run to run.',
  'f': 'The lowest losses of the three are comparable.',
}
RULES = {
  'a': 'each step in p, each model: paired difference above 0',
  'b': 'highest less lowest mean over p: difference to MMoE above 0',
  'c': f'at p = 1 within ± {EQUAL:.0%} of the mean of MMoE; paired difference '
  'above 0 below it',
  'd': 'paired difference of means over p above 0',
  'e': f'ratio of variances over draws, summed over p, above {FAR:g}',
  'f': f'ratio of {LOWEST:.0%} quantiles over draws between {1 / NEAR:g} and '
  f'{NEAR:g}',
}
