"""toy.csv as a page, with what the papers claim.

python -m benchmarks.toy.page
"""

import pathlib
from typing import NamedTuple

from benchmarks import markdown, results
from benchmarks.toy import figures, problem, runs

Row = dict[str, str]


class Claim(NamedTuple):
  """How many of five starts a paper has reach the front."""

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
  """The lines of one setting's starts, the most successful methods first."""
  found: dict[str, list[Row]] = {}
  for row in rows:
    found.setdefault(row['method'], []).append(row)
  return dict(sorted(found.items(), key=lambda item: -count(item[1])))


def count(own: list[Row]) -> int:
  """How many starts of a method reach the front."""
  return sum(int(row['reached']) for row in own)


def verdict(own: list[Row]) -> tuple[str, str]:
  """The published claim and whether it holds; dashes where there is none."""
  claim = CLAIMS.get((own[0]['setting'], own[0]['method']))
  if claim is None:
    return '–', '–'
  return claim.text, 'holds' if count(own) == claim.reached else 'does not'


def table(rows: list[Row]) -> str:
  """A line per method of one setting."""
  setting = problem.SETTINGS[rows[0]['setting']]
  return markdown.table(
    HEAD, [line(own, setting) for own in by_method(rows).values()]
  )


def line(own: list[Row], setting: problem.Setting) -> list[str]:
  """A method's cells; * where it sees the losses less their bounds."""
  name = own[0]['method']
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
  """One setting: how it was run, its table and its pictures."""
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

Made by `{command}`: first loss times {scale:g},
{steps:,} steps, CAGrad's c {c:g}, starts {starts}.

{table}

{pictures}
"""
PAGE = """# Two losses of two parameters

Which balancers bring Adam, learning rate 0.001, from five starts to the Pareto
front, x1 from -7 to 7 and x2 = {front:.4f}? The losses are those of the codes
of CAGrad, Nash-MTL and FAMO, whose second one has another sign than the papers
print; see `benchmarks/toy/problem.py`. Gradients go through the code that
trains networks, in float64.

- *reached*: abs(x2 + 8.36) < 0.35 and abs(x1) <= 7.15 at the last step.
- *claim*: whether that count is the published one; a dash where none is known
  here.
- \\*: makes sense with positive losses alone, and is given them less the lower
  bounds of FAMO's code, -21 times the scale and -21. FAMO is told the bounds.
- *no answer*: share of steps at which the method had none and gradients were
  summed as they are: on the front they are opposite.
- Fields are the defaults, but FAMO's decay is 0 and weights are learned with
  0.025, as in the codes. Methods of three batches see one thrice; those that
  draw have one key. Epochs, where a method counts them, are single steps.

Where a start does not reach it, its walk may be on the way: the valleys hold
Adam up for ten thousands of steps, and how long rests on rounding, so that
counts may differ by one on another machine. Which part of the front is reached
is no merit: of `imtl_g` and `conflict_free` it is rounding. On the front
gradients are opposite, their answer rests on the pseudo-inverse of a matrix
without full rank, and Adam makes whole steps of what is left.

{sections}"""


def write(folder: pathlib.Path) -> None:
  """toy.md beside toy.csv."""
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
  write(pathlib.Path('docs/results/toy'))
