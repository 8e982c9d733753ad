"""Tables and generated sections of Markdown pages."""

import re
import textwrap


def table(head: tuple[str, ...], lines: list[list[str]], words: int = 1) -> str:
  """Returns a Markdown table.

  Args:
    head: names of the columns.
    lines: cells of each line, as many as `head` has.
    words: how many leading columns are aligned to the left. The others, which
      are numbers, are aligned to the right.
  """
  rule = [*[':--'] * words, *['--:'] * (len(head) - words)]
  return '\n'.join(f'| {" | ".join(line)} |' for line in [head, rule, *lines])


def number(text: str) -> str:
  """Formats a cell of a CSV file to three digits; a dash if it is empty."""
  if not text:
    return '–'
  value = float(text)
  return f'{value:,.0f}' if value >= 1000 else f'{value:.3g}'


def percent(share: float) -> str:
  """Formats a share of 1 in whole percent."""
  return f'{100 * share:.0f} %'


def put(text: str, name: str, content: str) -> str:
  """Replaces a generated section of a page.

  Args:
    text: the page.
    name: of the section, which is between `<!-- name -->` and
      `<!-- end name -->`.
    content: the new section.

  Returns:
    The page; unchanged if it does not have the marks.
  """
  begin, end = f'<!-- {name} -->', f'<!-- end {name} -->'
  pattern = f'{re.escape(begin)}.*?{re.escape(end)}'
  block = f'{begin}\n{content}\n{end}'
  # A function, so that backslashes in the block are not read as groups.
  return re.sub(pattern, lambda _: block, text, flags=re.DOTALL)


def wrapped(text: str) -> str:
  """Wraps a paragraph or list item at 80 columns, without breaking names."""
  under = '  ' if text.startswith('- ') else ''
  return textwrap.fill(
    text,
    80,
    subsequent_indent=under,
    break_long_words=False,
    break_on_hyphens=False,
  )
