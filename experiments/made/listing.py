"""The page of answers: README.md of docs/results, a line per question."""

import pathlib
from collections.abc import Iterator, Sequence

from experiments.made import answering
from experiments.made.registry import GROUPS, OUT, Result

BEGIN = '<!-- answers, written by experiments.results -->\n'
END = '<!-- end answers -->\n'
HEAD = '| question | answer | picture | command |\n| :-- | :-- | :-- | :-- |\n'


def with_answers(results: Sequence[Result], folder: pathlib.Path) -> str:
  """Returns the text of README.md with the answers in place of those in it.

  Args:
    results: all, in the order of the lines of a group.
    folder: docs/results.
  """
  text = (folder / 'README.md').read_text('utf-8')
  before, _, rest = text.partition(BEGIN)
  _, _, after = rest.partition(END)
  return f'{before}{BEGIN}\n{"".join(_groups(results, folder))}{END}{after}'


def _groups(results, folder: pathlib.Path) -> Iterator[str]:
  for group, title in GROUPS.items():
    own = [result for result in results if result.group == group]
    if own:
      lines = ''.join(_line(result, folder) for result in own)
      yield f'## {title}\n\n{HEAD}{lines}\n'


def _line(result: Result, folder: pathlib.Path) -> str:
  typed = ', '.join(f'`{c.format(out=OUT)}`' for c in result.commands)
  entries = (
    _question(result, folder),
    answering.answer(result, folder),
    _picture(result, folder),
    typed,
  )
  return f'| {" | ".join(entries)} |\n'


def _question(result: Result, folder: pathlib.Path) -> str:
  """The question as a link to the page, or to each file."""
  text = result.question or result.what
  path = f'{result.name}/{result.page}' if result.folder else result.page
  if path and (folder / path).exists():
    text = f'[{text}]({path})'
  if result.folder:
    return text
  there = [file for file in result.files if (folder / file).exists()]
  return ', '.join([text, *(f'[{file}]({file})' for file in there)])


def _picture(result: Result, folder: pathlib.Path) -> str:
  """The figure, small, as a link to it; – where there is none."""
  drawn = [file for file in result.files if file.endswith('.png')]
  # Differences to single are the answer of a table, curves come before them.
  drawn.sort(key=lambda file: file != 'differences.png')
  file = result.picture or next(iter(drawn), '')
  path = f'{result.name}/{file}' if result.folder else file
  if not file or not (folder / path).exists():
    return '–'
  return f'[![{result.name}]({path})]({path})'
