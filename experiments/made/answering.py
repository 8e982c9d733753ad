"""The answer of a page of results, read from the page itself.

So that no sentence has to be kept by hand beside the one that a command writes.
"""

import collections
import pathlib
import re
from collections.abc import Iterator

from experiments.made.registry import Result

# By the name of a page, the words with which the answer begins in it. A page
# of another name tells its first sentence.
BEGINS = {
  'table.md': 'Answer',
  'grid.md': 'Between schemes',
  'factorial.md': 'Between schemes',
  'interference.md': 'By the corrected cosine',
  'joined.md': 'Over',
  'README.md': 'In words',
}
OLDER = 'of earlier code'
MISSING = 'see the page'
COUNT = 'count: '  # begins `Result.answer` where entries of a column count


def answer(result: Result, folder: pathlib.Path) -> str:
  """Returns the answer of a result.

  Args:
    result: of the registry. Its `answer` is the words with which a sentence
      begins, `| ` and the words with which a row of a table begins, or `count:
      ` and the title of a column whose entries are counted.
    folder: docs/results.

  Returns:
    A sentence without links; where there is no page, or none with an answer,
    words that say so. Pages of earlier code are marked.
  """
  paths = _pages(result, folder)
  if not paths:
    return 'not yet made'
  older = result.folder and not (folder / result.record).exists()
  mark = f' ({OLDER})' if older else ''
  for path in paths:
    begin = result.answer or BEGINS.get(path.name, '')
    if found := read(path.read_text('utf-8'), begin):
      return found.replace('|', r'\|') + mark
  return MISSING + mark


def _pages(result: Result, folder: pathlib.Path) -> list[pathlib.Path]:
  """The files that may hold the answer, the likeliest first."""
  own = folder / result.name if result.folder else folder
  # What a command wrote goes before what was written by hand beside it.
  by_hand = result.folder and result.page == 'README.md' and not result.answer
  names = [*['table.md'] * by_hand, result.page]
  return [own / name for name in names if name and (own / name).is_file()]


def read(text: str, begin: str) -> str:
  """Returns what a page answers.

  Args:
    text: Markdown.
    begin: as `Result.answer`; '' for the first sentence under the title.

  Returns:
    Plain text; '' if there is none.
  """
  if begin.startswith(COUNT):
    return _counted(text, begin.removeprefix(COUNT))
  if begin.startswith('|'):
    return _row(text, begin)
  for paragraph in _paragraphs(text):
    at = re.search(rf'(?:^|(?<=[.:] )){re.escape(begin)}', paragraph)
    if at:
      return _plain(_first(paragraph[at.start() :]))
  return ''


def _paragraphs(text: str) -> Iterator[str]:
  """Paragraphs and entries of lists as lines; no titles, tables or code."""
  text = re.sub(r'```.*?```', '', text, flags=re.DOTALL)
  for block in re.split(r'\n\s*\n|\n(?=- )', text):
    line = ' '.join(block.split())
    if line and line[0] not in '#|!<':
      yield re.sub(r'^- |\*\*', '', line)


def _first(text: str) -> str:
  """The first sentence: a full stop before a capital letter, or the end."""
  end = re.search(r'[.](?=\s+[A-Z`*\[(]|$)', text)
  return text[: end.end()] if end else text


def _plain(text: str) -> str:
  text = re.sub(r'!?\[([^\]]*)\]\([^)]*\)', r'\1', text)
  text = re.sub(r'^Answer(?: \((.*?)\))?: ', _whose, text)
  text = re.sub(r'^In words(?:, by \S+?)?: ', '', text)
  return text[:1].upper() + text[1:]


def _whose(match: re.Match) -> str:
  """Which tasks a table counts, where it says so."""
  return f'{match[1]}: ' if match[1] else ''


def _tables(text: str) -> Iterator[tuple[list[str], list[list[str]]]]:
  """Header and rows of every table."""
  for block in re.findall(r'(?:^\|.*\n?)+', text, re.MULTILINE):
    header, _, *rows = [_entries(line) for line in block.splitlines()] or [[]]
    yield header, rows


def _entries(line: str) -> list[str]:
  inner = re.split(r'(?<!\\)\|', line.strip().strip('|'))
  return [_plain_entry(entry) for entry in inner]


def _plain_entry(entry: str) -> str:
  text = re.sub(r'!?\[([^\]]*)\]\([^)]*\)', r'\1', entry.strip())
  return text.replace('**', '')


def _row(text: str, begin: str) -> str:
  """Titles and entries of a row, such as `all: left +1 ± 2; right +2 ± 1.`"""
  wanted = [entry for entry in _entries(begin) if entry]
  for header, rows in _tables(text):
    for row in rows:
      if row[: len(wanted)] == wanted:
        count = len(wanted)
        pairs = zip(header[count:], row[count:], strict=False)
        told = [f'{name} {entry}' for name, entry in pairs if entry != '–']
        return f'{", ".join(wanted)}: {"; ".join(told)}.'
  return ''


def _counted(text: str, column: str) -> str:
  """How often each entry stands in a column of the first table that has it."""
  for header, rows in _tables(text):
    if column in header:
      entries = [row[header.index(column)] for row in rows]
      counts = collections.Counter(e for e in entries if e not in ('', '–'))
      listed = [f'{count} {entry}' for entry, count in counts.most_common()]
      return f'{column[:1].upper()}{column[1:]}: {", ".join(listed)}.'
  return ''
