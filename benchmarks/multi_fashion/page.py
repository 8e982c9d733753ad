"""Writes the page and the figure of the two-glyph benchmark.

python -m benchmarks.multi_fashion.page

Reads accuracies.csv in docs/results/multi_fashion and writes README.md,
published_vs_ours.csv and gaps.png there; nothing is trained.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

from benchmarks import commands
from experiments import lazy
from mtl_jax.errors import InputError

with lazy.imports():
  from benchmarks import results
  from benchmarks.multi_fashion import (
    claims,
    compared,
    figures,
    ours,
    patterns,
    presets,
    sentences,
    tables,
  )
  from mtl_jax.records import atomic
  from mtl_jax.report import drawing

if TYPE_CHECKING:
  from collections.abc import Mapping

  import pandas as pd

FOLDER = 'docs/results/multi_fashion'
ACCURACIES, AGAINST, FIGURE = 'accuracies.csv', 'published_vs_ours.csv', 'gaps'


def by_recipe(frame: pd.DataFrame) -> dict[str, ours.Ours]:
  """Returns our accuracies by recipe.

  Args:
    frame: accuracies.csv.

  Raises:
    InputError: no run was completed, or no baseline of a recipe.
  """
  groups = frame.groupby('recipe', sort=False)
  trained = {recipe: ours.of(own) for recipe, own in groups}
  for recipe, own in trained.items():
    if not {'single', 'equal'} <= {*own.by_row}:
      raise InputError(
        f'recipe {recipe}: all runs of single or of hard, equal have failed, '
        'and the others are compared with them'
      )
  if not trained:
    raise InputError('no run was completed')
  return trained


def text(frame: pd.DataFrame) -> str:
  """Returns the page in Markdown.

  Args:
    frame: accuracies.csv.
  """
  preset, trained = frame.preset.iloc[0], by_recipe(frame)
  judged = [claims.judge(claim, trained) for claim in patterns.CLAIMS]
  sizes = presets.PRESETS[preset].sizes
  return PAGE.format(
    warning=sentences.warning(preset),
    answer=sentences.answer(judged, trained, sizes),
    command=sentences.command(preset, [*trained]),
    ours=_ours(frame, trained),
    protocol=sentences.protocol(preset, [*trained])
    + sentences.lacking(trained),
    claims=tables.claims(judged),
    near=claims.NEAR,
    margin=claims.MARGIN,
    against=_against(trained, sizes),
  )


def _ours(frame: pd.DataFrame, trained: Mapping[str, ours.Ours]) -> str:
  parts = []
  for recipe, own in trained.items():
    table = tables.ours(
      frame[frame.recipe == recipe], own, presets.TRAINED[recipe]
    )
    parts.append(f'### Recipe {recipe}\n\n{table}')
  return '\n\n'.join(parts)


def _against(
  trained: Mapping[str, ours.Ours], sizes: Mapping[str, presets.Size]
) -> str:
  lines = compared.all_rows(trained, sizes)
  return sentences.sources(lines, trained)


PAGE = """# Two pieces of clothing in one picture: published against ours

{warning}{answer}

```
{command}
```

{protocol}

## Ours

{ours}

Accuracies on the test pictures, of the parameters with the best mean accuracy
on validation. Intervals are t intervals over seeds on one split: they speak of
training noise, as the published ones do, and not of other data. Seconds are
those of all seeds of a row together.

![Published gaps and ours](gaps.png)

## Published patterns

{claims}

A part of a pattern holds if the 95 % interval of our number, paired by seed,
lies inside the rule's range; it does not hold if the interval lies outside,
after Bonferroni's correction for the parts of the pattern; otherwise it is
undecided. A pattern holds if all parts hold, and does not hold if one part does
not. A row *beats* another by more than {margin:g} point and is *near* another
within {near:g} points. Patterns are not corrected for each other: where nothing
differs, one part in forty holds by chance. Two sources publish that MGDA is
above uncertainty and GradNorm; with one recipe for both it is one test, and the
sentence at the top counts it once. The interval of a ratio of standard
deviations takes rows and accuracies as independent and normal, which rows with
the same seeds are roughly at best.

## Published rows against ours

*Gap* is the mean accuracy less that of the source's base row, in points, with
what the source says of its spread, or with our 95 % interval. Its verdict is
*within* if both have a point in common, which a wide interval has easily, and
*outside* if not; on other data a gap in points is not comparable. *Rank* is the
place among the rows that both have, 1 is the most accurate, from the best to
the worst place that intervals leave open, and is compared on any data; a source
without a spread leaves one rank open per row, however small its differences.
Numbers marked [digitised] were read off a figure, to 0.1 point. All lines are
in [published_vs_ours.csv](published_vs_ours.csv), and every run in
[accuracies.csv](accuracies.csv).

{against}
"""


def write(folder: pathlib.Path) -> None:
  """Writes the page, published_vs_ours.csv and the figure.

  Args:
    folder: that of accuracies.csv.
  """
  import pandas as pd

  frame = pd.read_csv(folder / ACCURACIES)
  page, trained = text(frame), by_recipe(frame)
  sizes = presets.PRESETS[frame.preset.iloc[0]].sizes
  lines = tables.csv(compared.all_rows(trained, sizes), trained)
  results.write(folder / AGAINST, lines)
  drawing.save(figures.draw(trained), folder / f'{FIGURE}.png')
  atomic.write(folder / 'README.md', page)


if __name__ == '__main__':
  commands.parser('benchmarks.multi_fashion.page', __doc__).parse_args()
  write(pathlib.Path(FOLDER))
