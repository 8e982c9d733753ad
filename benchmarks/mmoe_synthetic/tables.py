"""The tables on the page of the synthetic experiment."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from benchmarks import markdown
from benchmarks.mmoe_synthetic import claims as mmoe_claims
from benchmarks.mmoe_synthetic.rules import Losses
from benchmarks.mmoe_synthetic.runs import CORRELATIONS, MODELS
from mtl_jax.errors import InputError
from mtl_jax.report import stats

UNITS = ('label variances', 'noise variances')
Claims = Mapping[str, list[mmoe_claims.Claim]]  # by unit


def per_draw(rows: pd.DataFrame, unit: str = UNITS[0]) -> pd.DataFrame:
  """Returns the mean test loss of the tasks for each run that completed.

  Args:
    rows: mmoe_synthetic.csv.
    unit: one of `UNITS`: the variance of the training labels, or of the noise
      in them.

  Returns:
    A frame with the columns model, p, seed and loss.
  """
  loss = rows.test_loss
  if unit == 'noise variances':
    loss = loss / rows.noise_share
  known = rows.assign(loss=loss).dropna(subset='loss')
  return known.groupby(['model', 'p', 'seed']).loss.mean().reset_index()


def paired(frame: pd.DataFrame) -> Losses:
  """Returns the losses of the draws that all models completed at every p.

  Raises:
    InputError: there is no such draw.
  """
  table = frame.pivot(index='seed', columns=['model', 'p'], values='loss')
  wanted = [(m, p) for m in MODELS for p in CORRELATIONS]
  # `reindex` adds models without any run as NaN, which drops all draws.
  table = table.reindex(columns=wanted).dropna()
  if table.empty:
    raise InputError(
      'no draw was completed by all three models at every p; take more --draws'
    )
  return {key: table[key].to_numpy() for key in wanted}


def models(tuned: pd.DataFrame) -> str:
  """Returns the table of sizes and of the search for learning rates."""
  head = ('model', 'experts or bottom, and towers', 'all parameters')
  rates = sorted(tuned.lr.unique())
  lines = []
  for model, name in MODELS.items():
    own = tuned[tuned.model == model].set_index('lr')
    sizes = own.iloc[0]
    counts = (f'{int(sizes.compared):,}', f'{int(sizes.parameters):,}')
    scores = [_score(own.loc[lr]) for lr in rates]
    lines.append([name, *counts, *scores])
  return markdown.table((*head, *(f'rate {lr:g}' for lr in rates)), lines)


def _score(row: pd.Series) -> str:
  text = f'{row["mean"]:.4f} ± {row.high - row["mean"]:.4f}'
  return f'**{text}**' if row.chosen else text


def means(losses: Losses, in_noise: Losses) -> str:
  """Returns the table of test losses of each model at each p.

  Args:
    losses: in variances of the training labels.
    in_noise: the same in variances of the noise.
  """
  head = ('p', 'model', 'mean', '95 % interval', 'standard deviation')
  head += ('5 % quantile', 'lowest', 'correlation with MMoE')
  head += ('mean in noise variances', '95 % interval')
  lines = []
  for p in CORRELATIONS:
    for model, name in MODELS.items():
      own = losses[model, p]
      std = stats.interval(own).std
      low = np.quantile(own, mmoe_claims.LOWEST)
      both = np.corrcoef(own, losses['mmoe', p])[0, 1] if len(own) > 1 else 1
      numbers = [f'{number:.4f}' for number in (std, low, own.min())]
      lines.append(
        [f'{p:g}', name, *_mean(own), *numbers, f'{both:.3f}']
        + _mean(in_noise[model, p])
      )
  return markdown.table(head, lines, words=2)


def _mean(values: np.ndarray) -> list[str]:
  interval = stats.interval(values)
  return [f'{interval.mean:.4f}', _span(interval.low, interval.high)]


def _span(low: float, high: float) -> str:
  return f'{low:.4f} to {high:.4f}'


def verdicts(claims: Claims) -> str:
  """Returns the table of claims and verdicts."""
  head = ('', 'published claim', *(f'in {unit}' for unit in UNITS))
  head += ('rule for each part',)
  lines = []
  for name, *both in zip(mmoe_claims.PARTS, *claims.values(), strict=True):
    cells = [f'**{claim.verdict}**' for claim in both]
    lines.append([name, both[0].text, *cells, both[0].rule])
  return markdown.table(head, lines, words=len(head))


def parts(claims: Claims) -> str:
  """Returns the table of the parts of all claims."""
  head = ('', 'part', *(f'in {unit}' for unit in UNITS))
  lines = []
  for name, *both in zip(mmoe_claims.PARTS, *claims.values(), strict=True):
    for pair in zip(*(claim.parts for claim in both), strict=True):
      cells = [
        f'{part.verdict}: {part.value:.4f} ({_span(part.low, part.high)})'
        for part in pair
      ]
      lines.append([name, pair[0].what, *cells])
  return markdown.table(head, lines, words=len(head))
