"""Puts the outcomes of campaigns into docs/reliability.md."""

import pathlib

from benchmarks import markdown
from tests.faults.outcome import Outcome
from tests.faults.progress import lasting
from tests.faults.stored import Stored

HARMS = {
  'lost': 'a record or result was missing',
  'doubled': 'a record was there twice',
  'unequal': 'the table was another one',
  'silent': 'damage was neither told nor healed',
}
HEAD = ('fault', 'trials', *HARMS, 'note')


def write(page: pathlib.Path, stored: Stored) -> None:
  """Replaces the generated sections of the page: `answer` and `faults`.

  Args:
    page: with the marks of both sections; the rest is kept.
    stored: the outcomes.
  """
  text = page.read_text('utf-8')
  text = markdown.put(text, 'answer', answer([*stored.outcomes.values()]))
  sections = [section(name, stored) for name in sorted(stored.campaigns)]
  text = markdown.put(text, 'faults', '\n\n'.join(['', *sections, '']))
  page.write_text(text, 'utf-8')


def answer(outcomes: list[Outcome]) -> str:
  """Says in a sentence how much was tried and what was lost."""
  trials = sum(one.trials for one in outcomes)
  counts = {harm: sum(getattr(o, harm) for o in outcomes) for harm in HARMS}
  told = [f'in {counts[harm]} {HARMS[harm]}' for harm in HARMS if counts[harm]]
  begin = f'{trials:,} trials of {len(outcomes)} kinds of fault'
  if told:
    return markdown.wrapped(f'**{begin}: {", ".join(told)}.**')
  return markdown.wrapped(
    f'**{begin}: nothing was lost, nothing was there twice, no table differed, '
    'and no damage went unseen.**'
  )


def section(name: str, stored: Stored) -> str:
  """A campaign: a table of its faults, and where they were tried."""
  lines = [
    [one.fault, *(str(getattr(one, n)) for n in HEAD[1:-1]), one.note or '–']
    for one in stored.of(name)
  ]
  made = stored.campaigns[name]
  versions = ', '.join(f'{k} {v}' for k, v in made['versions'].items())
  end = '' if made['complete'] else ' It is not complete.'
  where = (
    f'`{made["command"]}`, {made["date"]}, {lasting(made["seconds"])} on '
    f'{made["cores"]} cores of {made["processor"]}; {versions}.{end}'
  )
  return '\n\n'.join(
    [f'## {name}', markdown.table(HEAD, lines), markdown.wrapped(where)]
  )
