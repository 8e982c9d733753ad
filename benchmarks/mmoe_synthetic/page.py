"""Writes the page and the figures of the synthetic experiment.

python -m benchmarks.mmoe_synthetic.page

Reads the CSV files in docs/results/mmoe_synthetic and writes README.md and two
PNG files there; nothing is trained.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any

from benchmarks import commands
from benchmarks.mmoe_synthetic.paper import DRAWS, FOLDER, STEPS
from experiments import lazy

with lazy.imports():
  from benchmarks.mmoe_synthetic import claims as mmoe_claims
  from benchmarks.mmoe_synthetic import figures, rules, runs, tables
  from mtl_jax.records import atomic
  from mtl_jax.report import drawing

if TYPE_CHECKING:
  import pandas as pd

LOSSES, CURVES, TUNED = 'mmoe_synthetic.csv', 'curves.csv', 'models.csv'


def command(draws: int, steps: int) -> str:
  """Returns the shell command that made the files.

  Args:
    draws: value of `--draws`; left out if it is the default.
    steps: value of `--steps`, likewise.
  """
  given = {'draws': (draws, DRAWS), 'steps': (steps, STEPS)}
  more = [f' --{k}={v}' for k, (v, default) in given.items() if v != default]
  first = 'python -m benchmarks.mmoe_synthetic --workdir=out/mmoe_synthetic'
  return f'{first} \\\n  --out={FOLDER}{"".join(more)}'


def text(rows: pd.DataFrame, curves: pd.DataFrame, tuned: pd.DataFrame) -> str:
  """Returns the page in Markdown.

  Args:
    rows: mmoe_synthetic.csv, test losses of all runs.
    curves: curves.csv, mean validation losses over steps.
    tuned: models.csv, the search for learning rates.

  Raises:
    InputError: no draw was completed by all models.
  """
  by_unit = {
    unit: tables.paired(tables.per_draw(rows, unit)) for unit in tables.UNITS
  }
  claims = {unit: mmoe_claims.judged(own) for unit, own in by_unit.items()}
  losses, in_noise = by_unit.values()
  draws, steps = rows.seed.nunique(), int(curves.step.max())
  data = _data_config()
  return PAGE.format(
    **constants(),
    command=command(draws, steps),
    complete=len(losses['hard', runs.CORRELATIONS[0]]),
    # Two rows per run, one per task: count runs.
    failed=len(rows[rows.test_loss.isna()].groupby(['model', 'p', 'seed'])),
    draws=draws,
    steps=f'{steps:,}',
    epochs=f'{steps * runs.BATCH / data.rows[0]:.0f}',
    evals=curves.step.nunique(),
    noise_share=f'{rows.noise_share.mean():.0%}',
    models=tables.models(tuned),
    means=tables.means(losses, in_noise),
    verdicts=tables.verdicts(claims),
    parts=tables.parts(claims),
  )


def _data_config() -> Any:
  from configs import synthetic  # not at the top: `--help` does without it

  return synthetic.get_config().datasets.synthetic


def constants() -> dict:
  """Returns the constants of the set-up that the page mentions."""
  data = _data_config()
  return {
    'batch': runs.BATCH,
    'rows': ' / '.join(f'{count:,}' for count in data.rows),
    'c': data.c,
    'waves': data.waves,
    'noise': data.noise[0],
    'inputs': data.inputs,
    'experts': runs.EXPERTS,
    'units': runs.UNITS,
    'tower': runs.TOWER,
    'bottom': runs.BOTTOM,
    'tuned_at': runs.TUNED_AT,
    'tuning_seeds': runs.TUNING_SEEDS,
    'bootstraps': f'{rules.BOOTSTRAPS:,}',
  }


PAGE = """# The synthetic experiment of MMoE

Two regression tasks whose weights have cosine p, learned by Shared-Bottom, by
experts with one gate (OMoE) and by experts with a gate per task (MMoE), all
with about as many weights. After Ma et al., KDD 2018, sections 3.3 and 5.1. The
paper shows curves and no numbers, so this page tests its claims.

```
{command}
```

{verdicts}

A loss is the squared error on the test split, averaged over both tasks, with
the parameters of the lowest validation loss. Losses have two units: the
variance of the training labels, which is the unit of the training loss, and the
variance of the noise in those labels. The second is the paper's unit up to a
factor: its labels are not standardised and its noise is the same in all worlds,
so that the loss of a perfect model is 1 here and 0.01 in the paper. Noise makes
up {noise_share} of a label's variance on average, more in some worlds than in
others.

All models completed {complete} of {draws} draws at every p; runs that failed:
{failed}. A draw is a world (weights, function, rows) and an initialisation. The
function, the directions and the inputs of a draw are the same for all models
and all p, so that models are compared within draws.

The unit is the variance of the training labels, except in the last two columns:

{means}

*Correlation with MMoE* is taken over draws. Where it is near 1, the variation
between runs comes from the worlds, some of which are harder for every model.

![Validation loss over steps](curves.png)

Upper row: mean over draws with its 95 % interval, which is wide because the
worlds differ. Lower row: difference to Shared-Bottom in the same draw, in which
the effect of the world cancels; the first steps are cut off
([curves.csv](curves.csv)).

![Test loss of every draw](losses.png)

All draws, with quartiles as boxes and whiskers from 5 to 95 %
([mmoe_synthetic.csv](mmoe_synthetic.csv)).

## Parts of the claims

A part holds if its 95 % interval is entirely on the claimed side of the rule's
limit, does not hold if the interval is entirely on the other side, and
otherwise counts as "not shown". A claim holds if all its parts hold, and does
not hold if one part does not. Intervals of mean differences are t intervals of
the differences within draws; all others are percentiles of {bootstraps}
bootstrap samples of the draws. They are not corrected for multiple comparisons.

{parts}

## Models and learning rates

OMoE and MMoE have {experts} experts, each one layer of {units} units, and
towers of {tower} units; Shared-Bottom has a shared layer of {bottom} units and
towers of {tower}. All use ReLU, linear output layers and gates without biases.
The paper counts 13,056 weights of experts and towers, without gates, biases and
output layers.

{models}

The columns *rate* have the mean validation loss at p = {tuned_at:g} over
{tuning_seeds} worlds that are used for nothing else, ± half the 95 % interval,
which is wide because the worlds differ. The rate with the lowest mean, in bold,
was chosen ([models.csv](models.csv)).

## What the paper leaves open

| | here |
| :-- | :-- |
| length c of the weights | {c:g} |
| m, how many sines | {waves}; alpha and beta standard normal |
| noise | standard deviation {noise:g}: .01 is taken as its variance |
| rows of train / valid / test | {rows}, of {inputs} inputs |
| labels | standardised by the training rows |
| budget | {steps} steps of Adam, batch {batch}, {epochs} epochs |
| tested parameters | of the lowest validation loss, {evals} evaluations |

The values of c, m and rows are those of keras-mmoe, a public reimplementation.
"""


def write(folder: pathlib.Path) -> None:
  """Writes README.md and both figures into the folder of the CSV files."""
  import pandas as pd

  names = (LOSSES, CURVES, TUNED)
  rows, curves, tuned = (pd.read_csv(folder / name) for name in names)
  atomic.write(folder / 'README.md', text(rows, curves, tuned))
  drawing.save(figures.curves(curves), folder / 'curves.png')
  figure = figures.distributions(tables.per_draw(rows))
  drawing.save(figure, folder / 'losses.png')


if __name__ == '__main__':
  commands.parser('benchmarks.mmoe_synthetic.page', __doc__).parse_args()
  write(pathlib.Path(FOLDER))
