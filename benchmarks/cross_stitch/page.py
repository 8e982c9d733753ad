"""Writes the page and the figure of cross-stitch's ablations.

python -m benchmarks.cross_stitch.page

Reads docs/results/cross_stitch/cross_stitch.csv and writes README.md and
gains.png beside it; nothing is trained.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

from benchmarks import commands
from benchmarks.cross_stitch.paper import FOLDER, PRESETS
from experiments import lazy

with lazy.imports():
  from benchmarks.cross_stitch import claims, figures, runs, tables
  from mtl_jax.records import atomic
  from mtl_jax.report import drawing

if TYPE_CHECKING:
  import pandas as pd

SMOKE = (
  '**The preset smoke shows that all is in order. Its verdicts say nothing '
  'about the paper.**\n\n'
)
CSV, FIGURE = 'cross_stitch.csv', 'gains.png'

PAGE = """# Cross-stitch's ablations

Tables 1 to 3 and 5 of Misra et al., CVPR 2016 (arXiv:1604.03539), in miniature:
which of the published directions hold here?

```
python -m benchmarks.cross_stitch --preset={preset} \\
  --workdir=out/cross_stitch --out={folder}
```

{warning}{answer}

{verdicts}

A gain is the mean over both tasks of what a row is better than `single`, in %
of `single`. Published are single runs without an interval (mean angle of
normals, mIoU of segmentation); here {seeds} seeds, each with pictures of its
own, compared by a paired t-test. A part *holds* if the 95 % interval of the
difference is above 0, *does not hold* if the opposite is shown (Bonferroni over
the parts of the claim), and is otherwise *undecided*: then *smallest shown* is
the true difference that the test finds in 80 % of the cases. A claim holds if
all its parts do. Claims are not corrected for each other: where nothing
differs, one part in forty holds by chance. A row most of whose runs failed
counts as worse than one that was trained.

![Gains over single](gains.png)

Dotted: the row `cross_stitch`. An arrow: the gain is below {least} %.

## All rows

{rows}

Means ± half the 95 % interval; the error of `hidden` is in standard deviations
of its labels. *Diverged*: the last training loss of a task is
not finite, or larger than that of a constant; what is tested are the parameters
with the best validation score, which may be earlier ones
([{csv}]({csv})). *{split}*: the one of the two
split networks that validation prefers. *{ensemble}*: the mean prediction
of two trainings of `single` from different starts, at twice its cost.

## Set-up, here and in the paper

{setup}

All rows have the learning rate that validation prefers for `single`
(configs/fashion_tasks.py). The multipliers are of that rate, here {lr}, which
is not the paper's: which of them diverges depends on it. All rows but those of
T2 have x {multiplier:g}. In trials on the validation rows of two seeds x 1 and
x 10 were alike, and x 100 diverged where the rate was not lowered by a cosine.

## Published values

{published}
"""


def text(frame: pd.DataFrame) -> str:
  """Returns the page in Markdown.

  Args:
    frame: cross_stitch.csv.
  """
  from benchmarks.cross_stitch import variants

  (name,) = frame.preset.unique()
  preset = PRESETS[name]
  config = runs.config(preset)
  judged = claims.judged(frame)
  return PAGE.format(
    preset=name,
    warning=SMOKE if name == 'smoke' else '',
    answer=tables.answer(judged),
    folder=FOLDER,
    csv=CSV,
    seeds=frame.seed.nunique(),
    verdicts=tables.verdicts(judged),
    rows=tables.rows(frame, preset.steps),
    published=tables.published(),
    least=figures.LEAST,
    setup=tables.setup(preset, config),
    multiplier=variants.MULTIPLIER,
    lr=f'{config.hp.lr[0]:g}',
    split=variants.SPLIT,
    ensemble=variants.ENSEMBLE,
  )


def write(folder: pathlib.Path) -> None:
  """Writes README.md and the figure into the folder of the CSV file."""
  import pandas as pd

  frame = pd.read_csv(folder / CSV)
  steps = PRESETS[frame.preset[0]].steps
  atomic.write(folder / 'README.md', text(frame))
  drawing.save(figures.gains(frame, steps), folder / FIGURE)


if __name__ == '__main__':
  commands.parser('benchmarks.cross_stitch.page', __doc__).parse_args()
  write(pathlib.Path(FOLDER))
