"""Writes toy.md from toy.csv, next to the claims of the papers.

python -m benchmarks.toy.page

Works in docs/results/toy; nothing is trained and no figure is drawn.
"""

from __future__ import annotations

import pathlib
from typing import NamedTuple

from benchmarks import commands, markdown, results
from experiments import lazy

with lazy.imports():
  from benchmarks.toy import figures, problem, runs

Row = dict[str, str]


class Claim(NamedTuple):
  """A published claim.

  Attributes:
    reached: how many of the five starts reach the front, as published.
    text: the claim, with its paper.
  """

  reached: int
  text: str


CLAIMS = {
  ('famo', 'equal'): Claim(4, 'Adam fails in 1 of 5 (FAMO)'),
  ('famo', 'nash_mtl'): Claim(5, 'all reach it (Nash-MTL)'),
  ('famo', 'famo'): Claim(5, 'all reach it (FAMO)'),
  ('cagrad', 'equal'): Claim(3, 'stuck in 2 of 5 (CAGrad)'),
  ('cagrad', 'mgda'): Claim(5, 'converges (CAGrad)'),
  ('cagrad', 'pcgrad'): Claim(5, 'converges (CAGrad)'),
  ('cagrad', 'cagrad'): Claim(5, 'converges (CAGrad)'),
}
HEAD = ('method', 'reached', 'published', 'claim', 'x1 of the ends')
HEAD += ('not reached: start to end', 'no answer')


def by_method(rows: list[Row]) -> dict[str, list[Row]]:
  """Groups the rows of one setting, the most successful methods first."""
  grouped: dict[str, list[Row]] = {}
  for row in rows:
    grouped.setdefault(row['method'], []).append(row)
  return dict(sorted(grouped.items(), key=lambda item: -count(item[1])))


def count(own: list[Row]) -> int:
  """Returns how many starts of a method reach the front."""
  return sum(int(row['reached']) for row in own)


def verdict(own: list[Row]) -> tuple[str, str]:
  """Returns the published claim and whether it holds; dashes without one."""
  claim = CLAIMS.get((own[0]['setting'], own[0]['method']))
  if claim is None:
    return '–', '–'
  # The counts must agree: the same starts are not compared one by one.
  return claim.text, 'holds' if count(own) == claim.reached else 'does not'


def table(rows: list[Row]) -> str:
  """Returns the table of one setting, with a line per method."""
  setting = problem.SETTINGS[rows[0]['setting']]
  return markdown.table(
    HEAD, [line(own, setting) for own in by_method(rows).values()]
  )


def line(own: list[Row], setting: problem.Setting) -> list[str]:
  """Returns the cells of a method's line.

  Args:
    own: the method's rows of toy.csv, one per start.
    setting: the setting that they were run in.
  """
  name = own[0]['method']
  # Explained in the list at the top of the page.
  mark = ' *' if runs.less_bounds(name, setting) else ''
  ends = ', '.join(f'{float(row["x1"]):.2f}' for row in own)
  away = '; '.join(
    f'{row["start"]} to ({float(row["x1"]):.2f}, {float(row["x2"]):.2f})'
    for row in own
    if row['reached'] == '0'
  )
  steps = sum(int(row['unanswered']) for row in own)
  share = f'{100 * steps / (len(own) * setting.steps):.2g} %' if steps else '–'
  reached = f'{count(own)} of {len(own)}'
  return [name + mark, reached, *verdict(own), ends, away or '–', share]


def section(rows: list[Row]) -> str:
  """Returns the section of one setting: command, table and figures."""
  name = rows[0]['setting']
  setting = problem.SETTINGS[name]
  option = '' if name == 'famo' else f' --setting={name}'
  starts = ', '.join(f'({a:g}, {b:g})' for a, b in setting.starts)
  pictures = '\n\n'.join(
    f'![Walks of {methods[0]} to {methods[-1]}]({file})'
    for file, methods in figures.files(name, setting).items()
  )
  return SECTION.format(
    title=TITLES[name],
    command=f'python -m benchmarks.toy{option}',
    scale=setting.scale,
    steps=setting.steps,
    c=setting.c,
    starts=starts,
    table=table(rows),
    pictures=pictures,
  )


TITLES = {
  'famo': 'Every balancer, in the setting of Nash-MTL and FAMO',
  'cagrad': "CAGrad's setting",
}
SECTION = """## {title}

Made by `{command}`: the first loss is multiplied by {scale:g};
{steps:,} steps; CAGrad's c is {c:g}; starts {starts}.

{table}

{pictures}
"""
PAGE = """# Two losses of two parameters

With which balancers does Adam (learning rate 0.001) reach the Pareto front from
five starting points? The front is x2 = {front:.4f} with x1 from -7 to 7. The
losses are those in the public code of CAGrad, Nash-MTL and FAMO. In the code
the second loss has a different sign than in the papers; see
`benchmarks/toy/problem.py`. The balancers are called by the same code that
trains networks, in float64.

- *reached*: abs(x2 + 8.36) < 0.35 and abs(x1) <= 7.15 at the last step.
- *published*, *claim*: the published claim, and whether the count agrees with
  it; a dash where no claim is known.
- \\*: the method is meaningful only for positive losses, so the lower bounds of
  FAMO's code (-21 times the scale, and -21) are subtracted from its losses.
  FAMO gets the bounds as a field.
- *no answer*: the share of steps at which the method had no finite answer and
  the plain sum of the gradients was used. This happens on the front, where the
  gradients are opposite.
- Fields have their default values, except that FAMO's decay is 0 and learned
  weights use a learning rate of 0.025, as in the public code. Methods that need
  three batches get the same one three times, and methods that draw random
  numbers use one key. For a method that counts epochs, each step is an epoch.

A start that did not reach the front may still be approaching it: Adam spends
tens of thousands of steps in the valleys. How many depends on rounding, so
counts may differ by one on another machine. It is no merit to reach a
particular part of the front. For `imtl_g` and `conflict_free` that part depends
on rounding: on the front the gradients are opposite, the method inverts a
matrix without full rank, and Adam turns the remaining rounding error into full
steps.

{sections}"""


def write(folder: pathlib.Path) -> None:
  """Writes toy.md into the folder of toy.csv."""
  rows = results.read(folder / 'toy.csv')
  names = dict.fromkeys(row['setting'] for row in rows)
  sections = [
    section([row for row in rows if row['setting'] == name]) for name in names
  ]
  text = PAGE.format(
    front=problem.FRONT, sections='\n'.join(sections).rstrip() + '\n'
  )
  (folder / 'toy.md').write_text(text, encoding='utf-8')


if __name__ == '__main__':
  commands.parser('benchmarks.toy.page', __doc__).parse_args()
  write(pathlib.Path('docs/results/toy'))
