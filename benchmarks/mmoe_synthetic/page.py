"""The CSV files of the synthetic experiment as pictures and a page.

python -m benchmarks.mmoe_synthetic.page
"""

import pathlib

import pandas as pd

from benchmarks.mmoe_synthetic import claims as mmoe_claims
from benchmarks.mmoe_synthetic import figures, rules, runs, tables
from benchmarks.mmoe_synthetic.paper import DRAWS, FOLDER, STEPS
from benchmarks.mmoe_synthetic.runs import CORRELATIONS
from configs import synthetic
from mtl_jax.records import atomic
from mtl_jax.report import drawing

LOSSES, CURVES, TUNED = 'mmoe_synthetic.csv', 'curves.csv', 'models.csv'


def command(draws: int, steps: int) -> str:
  """The one that made the files, with what is not its default."""
  given = {'draws': (draws, DRAWS), 'steps': (steps, STEPS)}
  more = [f' --{k}={v}' for k, (v, default) in given.items() if v != default]
  first = 'python -m benchmarks.mmoe_synthetic --workdir=out/mmoe_synthetic'
  return f'{first} \\\n  --out={FOLDER}{"".join(more)}'


def text(rows: pd.DataFrame, curves: pd.DataFrame, tuned: pd.DataFrame) -> str:
  """The page."""
  found = {
    unit: tables.paired(tables.per_draw(rows, unit)) for unit in tables.UNITS
  }
  claims = {unit: mmoe_claims.judged(own) for unit, own in found.items()}
  losses, in_noise = found.values()
  draws, steps = rows.seed.nunique(), int(curves.step.max())
  data = synthetic.get_config().datasets.synthetic
  return PAGE.format(
    **constants(),
    command=command(draws, steps),
    complete=len(losses['hard', CORRELATIONS[0]]),
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


def constants() -> dict:
  """What the page tells of the set-up."""
  data = synthetic.get_config().datasets.synthetic
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

Two regressions whose weights have cosine p; Shared-Bottom, one gate (OMoE) and
a gate per task (MMoE) with as many weights, after Ma et al., KDD 2018, sections
3.3 and 5.1. The paper shows curves and no numbers: what is compared are its
claims.

```
{command}
```

{verdicts}

Losses are squared errors on the test split, mean of both tasks, with the
parameters of the lowest validation loss. They are told in two units: variances
of the training labels, which is what was trained, and variances of the noise in
those labels. The latter is the paper's unit but for a factor: its labels are
not standardised, and the noise is the same in all worlds, so that a perfect
model has 1 here and 0.01 there. Noise is on average {noise_share} of a label's
variance, more in some worlds than in others.

All models completed {complete} of {draws} draws at every p; runs that failed:
{failed}. A draw is a world (weights, function, rows) and a start; it has
the same function, directions and inputs for all models and p, so that
differences are within draws.

In variances of the training labels, but for the last two columns:

{means}

*Correlation with MMoE* is over draws: near 1, the spread from run to run is
that of the worlds, some of which are harder than others for whatever model.

![Validation loss over steps](curves.png)

Mean over draws with its 95 % interval, which the spread of the worlds makes
wide; below, the difference to Shared-Bottom in the same draw, in which the
worlds cancel, cut off in the first steps ([curves.csv](curves.csv)).

![Test loss of every draw](losses.png)

Every draw: a box of quartiles, whiskers from 5 to 95 %
([mmoe_synthetic.csv](mmoe_synthetic.csv)).

## Parts of the claims

A part holds where its 95 % interval lies wholly on the claimed side of the
rule's limit, does not hold where wholly on the other, else it is not shown. A
claim holds where all its parts do, and does not where one does not. Intervals
of mean differences are t intervals of differences within draws; the others are
percentiles of {bootstraps} bootstraps of the draws. None is corrected for being
one of many.

{parts}

## Models and learning rates

{experts} experts of one layer of {units} units and towers of {tower}, against a
shared layer of {bottom} and towers of {tower}; ReLU, linear read-outs, gates
without biases. The paper counts 13,056 weights of experts and towers; gates,
biases and read-outs come on top.

{models}

Under *rate*: mean validation loss at p = {tuned_at:g} over {tuning_seeds}
worlds that no result is of, ± half the 95 % interval, which the worlds' spread
makes wide; the lowest mean, in bold, was chosen ([models.csv](models.csv)).

## What the paper leaves open

| | here |
| :-- | :-- |
| length c of the weights | {c:g} |
| m, how many sines | {waves}; alpha and beta standard normal |
| noise | standard deviation {noise:g}: .01 is taken as its variance |
| rows of train / valid / test | {rows}, of {inputs} inputs |
| labels | standardised by the training rows |
| budget | {steps} steps of Adam, batch {batch}, {epochs} epochs |
| which loss | of the lowest validation loss, in {evals} looks |

c, m and rows are those of a public reimplementation, keras-mmoe.
"""


def write(folder: pathlib.Path) -> None:
  """README.md and both pictures beside the CSV files."""
  names = (LOSSES, CURVES, TUNED)
  rows, curves, tuned = (pd.read_csv(folder / name) for name in names)
  atomic.write(folder / 'README.md', text(rows, curves, tuned))
  drawing.save(figures.curves(curves), folder / 'curves.png')
  figure = figures.distributions(tables.per_draw(rows))
  drawing.save(figure, folder / 'losses.png')


if __name__ == '__main__':
  write(pathlib.Path(FOLDER))
