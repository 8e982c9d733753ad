"""What MMoE's paper says of its synthetic experiment, held against losses.

Losses are `[draws]` for each model and correlation p, paired over all of them.
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

EQUAL = 0.05  # of MMoE's mean loss: so near is about the same
FAR = 2.0  # times the variance: so much is far larger
NEAR = 1.25  # times the loss, or over it: so near are lowest losses comparable
LOWEST = 0.05  # share of the draws: a minimum alone would have no interval


class Claim(NamedTuple):
  """A published claim, the rule that decides its parts, and those."""

  text: str
  rule: str
  parts: list[Part]

  @property
  def verdict(self) -> str:
    return together([part.verdict for part in self.parts])


def judged(losses: Losses) -> list[Claim]:
  """All claims; losses are paired by draw over models and correlations."""
  return [
    Claim(TEXTS[name], RULES[name], parts(losses))
    for name, parts in PARTS.items()
  ]


def correlations(losses: Losses) -> list[float]:
  return sorted({p for _, p in losses})


def related(losses: Losses) -> list[Part]:
  """(a) A higher correlation, a lower loss."""
  steps = itertools.pairwise(correlations(losses))
  return [
    paired(
      f'{MODELS[m]}: loss at p = {p:g} less at {q:g}',
      losses[m, p] - losses[m, q],
    )
    for (p, q), m in itertools.product(steps, MODELS)
  ]


def steady(losses: Losses) -> list[Part]:
  """(b) How far the mean moves with p."""

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
  """(c) What a gate per task is for."""
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
  """(d) On average over p."""
  mean = {
    m: np.mean([losses[m, p] for p in correlations(losses)], 0) for m in MODELS
  }
  return [
    paired(f'Shared-Bottom less {MODELS[m]}', mean['hard'] - mean[m])
    for m in ('omoe', 'mmoe')
  ]


def variable(losses: Losses) -> list[Part]:
  """(e) Run to run; each draw is a world and a start."""

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
  """(f) What is reached in the best draws."""

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
